"""Scripts of the administrator's that connect cards (`script=NAME` in a guest file): finding one, and running it.

They run as root with words that a guest file has, so which may be run is the administrator's to say, by folders. What
they are told is what Xen's tools tell theirs (libxl_linux.c, hotplug_nic).
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xenia.lib.program import ENVIRONMENT
from xenia.lib.text import printable
from xenia.model.errors import conflict, denied, engine_failed, invalid, not_found, timed_out
from xenia.model.vif import Vif
from xenia.network.addresses import network_of
from xenia.network.interface import EMULATED

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")
_BRIDGE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""What scripts of shell take apart unquoted; vif-openvswitch has VLANs in it."""
_OFTEN = "vif-"
_SECONDS = 40.0
"""As long as libxl gives a script (LIBXL_HOTPLUG_TIMEOUT)."""
_LAST_WORDS = 600


@dataclass(frozen=True, slots=True)
class Scripts:
    """`folders` are those from which scripts may be run."""

    folders: tuple[Path, ...]
    seconds: float = _SECONDS

    def find(self, vif: Vif, *, trusted: bool) -> Path:
        """The script of a card, for a guest that an administrator starts (`trusted`), or an operator.

        Raises invalid for what is no name of one, not_found, denied for one that lies elsewhere or that others than
        root may change, and a conflict for a card that it cannot be told of.
        """
        script = vif.script or ""
        given = Path(script)
        hint = f"scripts are run from {' and '.join(map(str, self.folders)) or 'nowhere'} (vif_scripts in xend.toml)"
        if any(char.isspace() for char in script):
            raise invalid(f"script={script}: words for a script are not passed on", "have a script of its own do that")
        if not _NAME.fullmatch(given.name) or ".." in given.parts or ("/" in script and not given.is_absolute()):
            raise invalid(f"script={script} is neither the name of a script nor an absolute path", hint)
        if given.is_absolute() and given.parent not in self.folders:
            raise denied(f"script={script} lies in none of the folders that scripts may be run from", hint)
        for folder in self.folders:
            path = folder / given.name
            if (given.is_absolute() and path != given) or not os.path.lexists(path):
                continue
            _check(path, folder)
            if not trusted and not given.name.startswith(_OFTEN):
                message = f"only an administrator may have the script {given.name} run for a guest"
                raise denied(message, f"scripts called {_OFTEN}NAME are for everybody who may start guests")
            _check_words(vif)
            return path
        raise not_found(f"there is no script {given.name} for cards", hint)

    async def run(self, path: Path, action: str, environment: Mapping[str, str]) -> None:
        """Raises engine_failed with its last words where it fails, timed_out where it does not end."""
        kind = "tap" if action in ("add", "remove") else "vif"
        output = os.memfd_create("script")
        try:
            code = await self._run((os.fspath(path), action, f"type_if={kind}"), environment, output)
            said = _end_of(output)
        finally:
            os.close(output)
        if code is None:
            raise timed_out(f"{path} {action} has not ended within {self.seconds:g} s and was ended; {said}")
        if code:
            raise engine_failed(f"{path} {action} failed ({code}): {said}")

    async def _run(self, words: Sequence[str], environment: Mapping[str, str], output: int) -> int | None:
        """How it ended, None for not in time. What it has left in the background lives on, but not past that."""
        try:
            process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", "--", *words),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**ENVIRONMENT, **environment},
                start_new_session=True,
            )
        except OSError as error:
            raise engine_failed(f"{words[0]} cannot be run: {error.strerror}") from error
        try:
            async with asyncio.timeout(self.seconds):
                return await process.wait()
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _end_of(output: int) -> str:
    """The last lines of what was said."""
    content = os.pread(output, _LAST_WORDS, max(0, os.fstat(output).st_size - _LAST_WORDS))
    lines = map(str.strip, content.decode(errors="replace").splitlines())
    return printable("; ".join(filter(None, lines))) or "it said nothing"


def environment_of(vif: Vif, mac: str, interface: str, domid: int, number: int) -> dict[str, str]:
    """What a script is told of the card `number` of the domain `domid`, whose host's end is `interface`."""
    end = {"vif": interface.removesuffix(EMULATED)}
    if interface.endswith(EMULATED):
        end["INTERFACE"] = interface
    words = {
        "XENBUS_TYPE": "vif",
        "XENBUS_PATH": f"backend/vif/{domid}/{number}",
        "XENBUS_BASE_PATH": "backend",
        "script": vif.script or "",
        "domid": str(domid),
        "handle": str(number),
        "mac": mac,
        "bridge": vif.bridge or "",
        "ip": " ".join(vif.ip),
        "vifname": vif.vifname or "",
        "rate": vif.rate or "",
        "vlan": vif.vlan or "",
        "gateway": vif.gateway or "",
        "netdev": vif.gatewaydev or "",
    }
    return {**end, **{name: value for name, value in words.items() if value}}


def _check(path: Path, folder: Path) -> None:
    """Raises denied where what would be run is not root's, or lies elsewhere in truth."""
    try:
        real = path.resolve(strict=True)
        if real.parent != folder.resolve():
            raise denied(f"{path} leads out of its folder, to {real}", f"put the script itself into {folder}")
        about = real.stat()
        for each in (real, folder.resolve()):
            if each.stat().st_uid not in (0, os.geteuid()) or each.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                message = f"{each} can be changed by others than root, so nothing is run from there"
                raise denied(message, f"chown root {each}; chmod go-w {each}")
    except OSError as error:
        raise not_found(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(about.st_mode) or not about.st_mode & stat.S_IXUSR:
        raise conflict(f"{path} is no program that can be run", f"chmod +x {path}")


def _check_words(vif: Vif) -> None:
    """Raises invalid for a word that a script of shell could take for another one."""
    names = (("bridge", vif.bridge), ("gatewaydev", vif.gatewaydev))
    wrong = [f"{name}={value}" for name, value in names if value and not _BRIDGE.fullmatch(value)]
    wrong += [f"ip={word}" for word in vif.ip if network_of(word) is None]
    wrong += [f"gateway={word}" for word in (vif.gateway or "").split() if network_of(word) is None]
    if wrong:
        raise invalid(f"{wrong[0]} is nothing that a script can be told", f"script={vif.script} runs as root")
