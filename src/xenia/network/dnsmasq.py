"""The dnsmasq of each network: started, found again, ended.

It runs on without xend, so that guests keep their addresses and names meanwhile. Which process it is tells the path of
its configuration among its words: nothing has to be remembered, and nothing can be out of date.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
from contextlib import suppress
from pathlib import Path

from xenia.lib.program import run
from xenia.model.errors import XeniaError, conflict, engine_failed, timed_out, unavailable
from xenia.network.dnsmasq_config import ServiceFiles

_SECONDS = 20.0
_END_SECONDS = 5.0
_BAD_NETWORK = 2
"""Its exit code for what the network refuses, such as an address that is taken (man dnsmasq, EXIT CODES)."""


class Dnsmasq:
    """Those of one xend. What they are told lies below `run`, what they have leased below `state`; `binary` is the
    program.
    """

    def __init__(self, run: Path, state: Path, binary: str = "dnsmasq") -> None:
        self._run = run
        self.state = state
        self.binary = binary

    def files(self, network: str) -> ServiceFiles:
        folder = self._run / network
        return ServiceFiles(str(folder / "dnsmasq.conf"), str(folder / "hosts"), str(self.state / f"{network}.leases"))

    def running(self) -> dict[str, int]:
        """The process of each network that has one."""
        found: dict[str, int] = {}
        prefix = f"--conf-file={self._run}{os.sep}".encode()
        for process in Path("/proc").iterdir():
            if process.name.isdecimal():
                with suppress(OSError):
                    words = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                    if len(words) == 2 and words[1].startswith(prefix):
                        found[Path(os.fsdecode(words[1])).parent.name] = int(process.name)
        return found

    def services(self) -> dict[str, str]:
        """The configuration of each that runs."""
        found = {}
        for network in self.running():
            with suppress(OSError):
                found[network] = Path(self.files(network).config).read_text()
        return found

    async def start(self, network: str, config: str) -> None:
        """In the place of the one that runs. Raises unavailable without dnsmasq, a conflict where it is refused its
        ports, engine_failed with its own words.
        """
        await self.stop(network)
        files = self.files(network)
        for folder in (Path(files.config).parent, self.state):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        Path(files.config).write_text(config)
        with open(files.hosts, "a"):  # it warns of one that is not there
            pass
        try:
            ended = await run((self.binary, f"--conf-file={files.config}"), seconds=_SECONDS)
        except FileNotFoundError:
            raise no_dnsmasq() from None
        except OSError as error:
            raise unavailable(f"dnsmasq cannot be run: {error.strerror}") from error
        except TimeoutError:
            raise timed_out(f"dnsmasq for the network '{network}' was not ready within {_SECONDS:g} s") from None
        if ended.code:
            raise _failure(network, ended.code, ended.err)

    async def stop(self, network: str) -> None:
        """Silent when none runs."""
        pid = self.running().get(network)
        if pid is None:
            return
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if self.running().get(network) != pid:  # it has ended, and the number is somebody else's
                return
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGTERM)
                if not await asyncio.to_thread(_ended, pidfd):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                    await asyncio.to_thread(_ended, pidfd)
        finally:
            os.close(pidfd)

    def forget(self, network: str) -> None:
        """Remove the files of one that does not run."""
        files = self.files(network)
        for path in (files.config, files.hosts, files.leases):
            Path(path).unlink(missing_ok=True)
        with suppress(OSError):
            Path(files.config).parent.rmdir()

    def tell_names(self, network: str, lines: str) -> None:
        """What --dhcp-hostsfile holds. Nothing is done when it holds that already. Raises OSError."""
        path = Path(self.files(network).hosts)
        if path.is_file() and path.read_text() == lines:
            return
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(lines)
        new.replace(path)
        pid = self.running().get(network)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)


def no_dnsmasq() -> XeniaError:
    return unavailable("dnsmasq is not installed", "apt-get install dnsmasq-base")


def _ended(pidfd: int) -> bool:
    """Whether the process ends in time."""
    return bool(select.select([pidfd], [], [], _END_SECONDS)[0])


def _failure(network: str, code: int, said: str) -> XeniaError:
    told = said.strip().removeprefix("dnsmasq: ") or f"it ended with {code}"
    message = f"dnsmasq for the network '{network}' does not start: {told}"
    if code == _BAD_NETWORK and "in use" in told:
        return conflict(message, "another program has its ports: ss -lnup 'sport = :53 or sport = :67' shows which")
    return engine_failed(message)
