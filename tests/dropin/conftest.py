"""A xend with simulated guests, and xm and xl as programs in a folder of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.live import LiveHost, Said, live_host

_XL = Path("/usr/sbin/xl")
_WITHOUT_XL = f'mount --bind /dev/null "$(readlink -f {_XL})" && exec "$@"'


@dataclass(frozen=True)
class Programs:
    """`folder` holds `xm`, or `xl`, or both: a program finds what is there."""

    host: LiveHost
    folder: Path

    def run(self, *words: str | Path, **environment: str) -> Said:
        """A program with ours and the system's own in its PATH, on a host without Xen's xl: the tests have it for other
        reasons, and there it would come before xm.
        """
        path = f"{self.folder}:/usr/bin:/bin"
        without_xl = ["unshare", "--mount", "--map-root-user", "sh", "-c", _WITHOUT_XL, "sh"] if _XL.exists() else []
        done = subprocess.run(
            [*without_xl, *map(str, words)],
            env={**self.host.environment, "LC_ALL": "C", "PATH": path, **environment},
            cwd=self.host.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def host() -> Iterator[LiveHost]:
    with live_host(settings="engine = 'simulated'\n") as host:
        host.start()
        yield host


@pytest.fixture(autouse=True)
def no_guests(host: LiveHost) -> Iterator[None]:
    yield
    for name in host.names():
        host.ok("destroy", name)
    for file in (host.root / "etc/xen").glob("*.cfg"):
        file.unlink()


@pytest.fixture(params=["xm", "xl"])
def programs(host: LiveHost, tmp_path: Path, request: pytest.FixtureRequest) -> Programs:
    """Under the one name, then under the other."""
    program = tmp_path / request.param
    program.write_text(f'#!/bin/sh\nexec {host.python} -c \'{_RUN}\' "$0" "$@"\n')
    program.chmod(0o755)
    return Programs(host, tmp_path)


_RUN = "import sys; del sys.argv[0]; from xenia.cli.main import main; sys.exit(main())"
