"""What a qemu-guest-agent answers, as words of the model. It is a stranger's: what has not the right form is left out,
what is too long is cut, and nothing raises.
"""

from __future__ import annotations

import binascii
import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from xenia.model.agent import AgentInfo, Execution, GuestFilesystem, GuestUser, Interface

QUESTIONS = (
    "guest-get-osinfo",
    "guest-get-host-name",
    "guest-network-get-interfaces",
    "guest-get-users",
    "guest-get-fsinfo",
    "guest-fsfreeze-status",
)
"""What makes up `info` beside version and time."""

TEXT_LIMIT = 256
"""Characters."""
ITEMS_LIMIT = 64

_WHOLE = 2**64


def text(value: Any) -> str:
    return value[:TEXT_LIMIT] if isinstance(value, str) else ""


def number(value: Any) -> int | None:
    """A number as QEMU's schemas have them."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _WHOLE else None


def version(value: Any) -> str:
    """Of the answer to guest-info."""
    return text(_members(value).get("version"))


def info(version: str, told: Mapping[str, Any], offset: float | None) -> AgentInfo:
    """`told` are the answers to `QUESTIONS`, None where there is none."""
    system = _members(told["guest-get-osinfo"])
    return AgentInfo(
        agent="qemu-guest-agent",
        version=version,
        os=text(system.get("pretty-name")) or text(system.get("name")),
        kernel=text(system.get("kernel-release")),
        host_name=text(_members(told["guest-get-host-name"]).get("host-name")),
        interfaces=interfaces(told["guest-network-get-interfaces"]),
        users=_users(told["guest-get-users"]),
        filesystems=_filesystems(told["guest-get-fsinfo"]),
        time_offset=offset,
        frozen=_frozen(told["guest-fsfreeze-status"]),
    )


def interfaces(value: Any) -> tuple[Interface, ...] | None:
    """Without the loopback."""
    found = (
        Interface(text(each.get("name")), text(each.get("hardware-address")).lower(), tuple(_addresses(each)))
        for each in _items(value)
    )
    return tuple(each for each in found if each.name != "lo") if isinstance(value, list) else None


def _addresses(interface: Mapping[str, Any]) -> Iterator[str]:
    for each in _items(interface.get("ip-addresses")):
        written, prefix = text(each.get("ip-address")), number(each.get("prefix"))
        try:
            address = ipaddress.ip_interface(f"{written.partition('%')[0]}{'' if prefix is None else f'/{prefix}'}")
        except ValueError:
            continue
        if not address.is_loopback:
            yield str(address.ip) if prefix is None else str(address)


def _users(value: Any) -> tuple[GuestUser, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(GuestUser(_user_name(each), _seconds(each.get("login-time"))) for each in _items(value))


def _user_name(user: Mapping[str, Any]) -> str:
    """Windows has users in domains."""
    name, domain = text(user.get("user")), text(user.get("domain"))
    return f"{domain}\\{name}" if domain else name


def _seconds(value: Any) -> float | None:
    return round(float(value), 3) if isinstance(value, int | float) and 0 < value < _WHOLE else None


def _filesystems(value: Any) -> tuple[GuestFilesystem, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(
        GuestFilesystem(
            text(each.get("mountpoint")),
            text(each.get("type")),
            text(each.get("name")),
            number(each.get("total-bytes")),
            number(each.get("used-bytes")),
        )
        for each in _items(value)
    )


def _frozen(value: Any) -> bool | None:
    return {"frozen": True, "thawed": False}.get(text(value))


def execution(value: Any) -> Execution | None:
    """Of the answer to guest-exec-status."""
    status = _members(value)
    exited = status.get("exited")
    if not isinstance(exited, bool):
        return None
    return Execution(
        exited,
        number(status.get("exitcode")),
        number(status.get("signal")),
        _base64(status.get("out-data")),
        _base64(status.get("err-data")),
        bool(status.get("out-truncated") or status.get("err-truncated")),
    )


def _base64(value: Any) -> str:
    try:
        binascii.a2b_base64(value, strict_mode=True)
    except (TypeError, ValueError):
        return ""
    return str(value)


def _members(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list, so many as are shown."""
    return [each for each in value[:ITEMS_LIMIT] if isinstance(each, dict)] if isinstance(value, list) else []
