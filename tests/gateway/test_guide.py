"""The lines of curl in the guide do what it says, with the real curl and real processes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from tests.gateway.test_process import Host, host

__all__ = ["host"]

GUIDE = Path(__file__).parents[2] / "docs/guide/remote-access.md"
_SHORT = "curl ..."
"""What a line begins with that leaves out what the first one has said."""


def lines() -> list[str]:
    found = [line.strip() for line in GUIDE.read_text().splitlines() if line.startswith("    curl ")]
    whole = found[0].rpartition(" https://")[0]
    return [line.replace(_SHORT, whole) for line in found]


def run(host: Host, line: str) -> str:
    """The answer to a line that is for the host `alpha`."""
    port = urlsplit(host.url("/")).port
    certificate = host.root / "var/lib/xenia/web/certificate.pem"
    # The certificate names the host by what it is called, and this one is reached as such from its own machine.
    line = line.replace("alpha.pem", str(certificate)).replace("alpha:8006", f"localhost:{port}")
    environment = {"TOKEN": host.secret(), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["sh", "-ec", line.replace("curl ", "curl -fsS ", 1)],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    ).stdout


def test_the_lines_of_the_guide_are_answered(host: Host) -> None:
    host.start_all()
    host.create("web")
    answers = [json.loads(run(host, line)) for line in lines()]
    assert [each["name"] for each in answers[0]["domains"]] == ["Domain-0", "web"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", answers[1]["ticket"])
    assert len(answers) == 2
