"""xendomains, the script of Xen's packages that starts and ends domains with the host: whether it would do it here.

Sources: /etc/init.d/xendomains and /etc/default/xendomains of Debian's xen-utils-common 4.17; Xen's own
xendomains.service reads the same settings.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from xenia.model.errors import conflict

_SCRIPT = "etc/init.d/xendomains"
_SETTINGS = ("etc/default/xendomains", "etc/sysconfig/xendomains")
_UNITS = "etc/systemd/system"
_UNIT = "xendomains.service"
_AUTO = re.compile(r"""^\s*(?:export\s+)?XENDOMAINS_AUTO=(?:"([^"]*)"|'([^']*)'|([^\s#;]*))""", re.MULTILINE)


def refuse_beside_xendomains(root: Path) -> None:
    """Raises a conflict where xendomains would start domains with the host whose root folder is `root`."""
    if starts_domains(root):
        raise conflict(
            "xendomains is enabled, and would start and end the same domains as xend",
            "systemctl mask xendomains (not with --now, which would end all guests), then xm host-start",
        )


def starts_domains(root: Path) -> bool:
    """Whether it is enabled, is not masked, and has a folder to start domains from."""
    if _is_masked(root) or not (_is_enabled_script(root) or _is_enabled_unit(root)):
        return False
    return any(_auto_folder(root / settings) for settings in _SETTINGS)


def _is_masked(root: Path) -> bool:
    """A mask holds for the script as well: systemd takes it for a service of that name."""
    try:
        return os.readlink(root / _UNITS / _UNIT) == "/dev/null"  # noqa: PTH115  # of no use as a path
    except OSError:
        return False


def _is_enabled_script(root: Path) -> bool:
    """update-rc.d makes a link that begins with S in the folder of each run level in which it is started."""
    return os.access(root / _SCRIPT, os.X_OK) and any((root / "etc").glob("rc[2345].d/S[0-9][0-9]xendomains"))


def _is_enabled_unit(root: Path) -> bool:
    return any((wants / _UNIT).is_symlink() for wants in (root / _UNITS).glob("*.wants"))


def _auto_folder(settings: Path) -> str:
    """What the last line that sets it says; "" for none, as the script has it."""
    try:
        found = _AUTO.findall(settings.read_text(errors="replace"))
    except OSError:
        return ""
    return "".join(found[-1]) if found else ""
