"""The settings of xend: `etc/xen/xend.toml` below its root."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from xenia.engines.qemu.settings import DEFAULT_BINARY, DEFAULT_UID_BASE
from xenia.engines.xen.hypervisor import PYTHON
from xenia.engines.xen.settings import DEFAULT_DOM0_MIN_MEM, DEFAULT_XL
from xenia.lib.paths import Paths
from xenia.manager.brake import DEFAULT_DELAY, DEFAULT_LIMIT, DEFAULT_WINDOW
from xenia.manager.plugging import DEFAULT_SECONDS
from xenia.model.errors import XeniaError, denied, invalid
from xenia.network.attach import DEFAULT_BRIDGE

LOG_LEVELS = ("debug", "info", "warning", "error")
ENGINES = ("auto", "xen", "qemu", "simulated")
ACCELERATORS = ("auto", "kvm", "tcg")

STOP_METHODS = ("migrate", "save", "shutdown")

_CHOICES = {"log_level": LOG_LEVELS, "engine": ENGINES, "accelerator": ACCELERATORS}
_RANGES = {
    "restart_limit": range(1, 1_001),
    "restart_window": range(1, 86_401),
    "restart_delay": range(61),
    "attach_timeout": range(1, 601),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One member for each key.

    `engine` runs the guests: `auto` is xen in a Domain-0, qemu elsewhere. `socket_group` may use the API beside root.
    `roots` are the folders below which the files that a guest file names must lie, unless an administrator starts it;
    no folder of the host's own belongs there, since whoever may start guests can have them read what lies in it. `qemu`
    is the program; as root, each guest runs as a user of its own from `uid_base` on. `vnc_listen` and `vnc_password`
    hold where a guest file says nothing; "" asks for no password.

    A domain that ends by itself is started over at most `restart_limit` times within `restart_window` seconds; the
    second time `restart_delay` seconds later, then twice as long each time (manager.brake).

    `host_stop` is how guests are ended with the host, what is tried first in front; only shutdown is possible yet. Each
    guest has `stop_timeout` seconds to shut down where its file says nothing, all together `host_stop_timeout`. With
    `bring_back` the start of the host starts also what `xm host-stop` has ended, not only what is in etc/xen/auto.

    A disk or card that a guest which is up has not taken after `attach_timeout` seconds is unplugged again.

    On Xen, `xl` is a program as well, and `system_python` the one for which Xen's own Python module is built;
    `dom0_ballooning` lets Domain-0 give up memory for guests, but not below `dom0_min_mem` (MiB).
    """

    roots: tuple[Path, ...]
    log_level: str = "info"
    socket_group: str = "xen"
    engine: str = "auto"
    accelerator: str = "auto"
    qemu: str = DEFAULT_BINARY
    uid_base: int = DEFAULT_UID_BASE
    xl: str = DEFAULT_XL
    system_python: str = PYTHON
    dom0_ballooning: bool = False
    dom0_min_mem: int = DEFAULT_DOM0_MIN_MEM
    default_bridge: str = DEFAULT_BRIDGE
    vnc_listen: str = "127.0.0.1"
    vnc_password: str = ""
    restart_limit: int = DEFAULT_LIMIT
    restart_window: int = DEFAULT_WINDOW
    restart_delay: int = DEFAULT_DELAY
    host_stop: tuple[str, ...] = ("shutdown",)
    host_stop_timeout: int = 300
    stop_timeout: int = 90
    bring_back: bool = True
    attach_timeout: int = DEFAULT_SECONDS


def shown(settings: Settings) -> dict[str, Any]:
    """By key, as in the file; without the password."""
    plain = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    plain["roots"] = [str(root) for root in settings.roots]
    return plain | ({"vnc_password": "***"} if settings.vnc_password else {})


def load_settings(paths: Paths) -> Settings:
    """What the file says, and the defaults for the rest; all defaults when there is none.

    Raises an invalid error with file and line for what cannot be used.
    """
    defaults = Settings(roots=(paths.images,))
    try:
        text = paths.settings.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return defaults
    except PermissionError:
        raise denied(f"{paths.settings} cannot be read: Permission denied", "run it as its owner, or as root") from None
    except UnicodeDecodeError as error:
        raise invalid(f"{paths.settings}: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise invalid(f"{paths.settings} cannot be read: {error.strerror}") from None
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise invalid(f"{paths.settings}: {error}", "the syntax is TOML: key = value, text in quotes") from None
    reader = _Reader(paths.settings, text)
    known = {name: getattr(defaults, name) for name in (field.name for field in fields(Settings))}
    return Settings(**(known | {key: reader.read(key, value, known) for key, value in given.items()}))


class _Reader:
    """Checks the values of one file, and knows on which line a key stands."""

    def __init__(self, file: Path, text: str) -> None:
        self._file = file
        self._text = text

    def read(self, key: str, value: Any, known: dict[str, Any]) -> Any:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the keys are: {', '.join(sorted(known))}"
            raise self._wrong(key, f"there is no setting '{key}'", hint)
        if key == "roots":
            return self._folders(value)
        if key == "host_stop":
            return self._methods(value)
        expected = type(known[key])
        if type(value) is not expected:
            raise self._wrong(
                key, f"{key} must be {_NAMES[expected]}, not {_NAMES.get(type(value), 'a table or date')}"
            )
        if key in _CHOICES and value not in _CHOICES[key]:
            raise self._wrong(key, f"{key} cannot be '{value}'", f"it may be: {', '.join(_CHOICES[key])}")
        if key in _RANGES and value not in _RANGES[key]:
            least, most = _RANGES[key].start, _RANGES[key].stop - 1
            raise self._wrong(key, f"{key} cannot be {value}", f"it may be from {least} to {most}")
        if key in ("stop_timeout", "host_stop_timeout") and not 1 <= value <= 86400:
            raise self._wrong(key, f"{key} cannot be {value}", "it is in seconds, from 1 to 86400")
        if key == "uid_base" and not 1000 <= value <= 2**32 - 2**17:
            raise self._wrong(key, f"uid_base cannot be {value}", "65,536 user ids from there on must be free")
        return value

    def _folders(self, value: Any) -> tuple[Path, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item.startswith("/") for item in value):
            raise self._wrong(
                "roots", "roots must be a list of absolute paths", 'for example: roots = ["/var/lib/xen"]'
            )
        return tuple(Path(item) for item in value)

    def _methods(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(item in STOP_METHODS for item in value):
            words = ", ".join(STOP_METHODS)
            raise self._wrong("host_stop", f"host_stop must be a list of: {words}", 'host_stop = ["shutdown"]')
        if "shutdown" not in value:
            raise self._wrong(
                "host_stop",
                "host_stop must have shutdown: migrate and save are not possible yet",
                'host_stop = ["save", "shutdown"] will save guests once that is possible',
            )
        return tuple(value)

    def _wrong(self, key: str, message: str, hint: str | None = None) -> XeniaError:
        found = re.search(rf"""^\s*["']?{re.escape(key)}["']?\s*[=.\]]|^\s*\[+\s*{re.escape(key)}""", self._text, re.M)
        line = f":{self._text.count(chr(10), 0, found.end()) + 1}" if found else ""
        return invalid(f"{self._file}{line}: {message}", hint)


_NAMES = {str: "a text in quotes", int: "a whole number", bool: "true or false", float: "a number", list: "a list"}
