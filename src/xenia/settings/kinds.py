"""What values settings take: checked, whether they come from TOML or as a text, and written as TOML."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from xenia.lib.text import printable
from xenia.model.grant import FORM, read_grant
from xenia.storage.volumes.names import is_name

TRUE = frozenset({"yes", "true", "1", "enable", "enabled", "on"})
FALSE = frozenset({"no", "false", "0", "disable", "disabled", "off"})
"""The registry's words, which xend-config.sxp also had."""

_LONGEST_INTERFACE = 15
_HOST = re.compile(r"[A-Za-z0-9._:\-]{1,253}", re.ASCII)
_SHOWN = 200
_NAMES = {str: "a text in quotes", int: "a whole number", bool: "true or false", float: "a number", list: "a list"}


class Unfit(Exception):
    """A value that a setting cannot have. `wrong` follows on its name: "must be ...", "cannot be ..."."""

    def __init__(self, wrong: str, hint: str | None = None) -> None:
        super().__init__(wrong)
        self.wrong = printable(wrong[:_SHOWN])
        self.hint = hint


class Kind(Protocol):
    @property
    def takes(self) -> str:
        """What it takes, in words."""

    def of_toml(self, value: Any) -> Any:
        """The value of a setting for what TOML gave. Raises Unfit."""

    def of_text(self, text: str) -> Any:
        """The same for a text: the registry's, or a word of a command line. Raises Unfit."""

    def to_toml(self, value: Any) -> str:
        """As it is written in TOML."""


@dataclass(frozen=True, slots=True)
class Text:
    """One line."""

    takes: str = "a text"

    def of_toml(self, value: Any) -> str:
        return self.of_text(_typed(value, str))

    def of_text(self, text: str) -> str:
        return _visible(text)

    def to_toml(self, value: str) -> str:
        return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Name(Text):
    """What has to be something."""

    def of_text(self, text: str) -> str:
        if not text.strip():
            raise Unfit("cannot be empty", f"it is {self.takes}")
        return _visible(text)


@dataclass(frozen=True, slots=True)
class Choice(Text):
    """One of some words."""

    words: tuple[str, ...] = ()

    def of_text(self, text: str) -> str:
        if text not in self.words:
            raise Unfit(f"cannot be '{text}'", f"it may be: {', '.join(self.words)}")
        return text


def choice(*words: str) -> Choice:
    return Choice(f"one of: {', '.join(words)}", words)


@dataclass(frozen=True, slots=True)
class Address(Text):
    """An IP address to listen on."""

    takes: str = "an IP address"

    def of_text(self, text: str) -> str:
        address = text.strip("[]")
        if address == "localhost":
            return "127.0.0.1"
        try:
            ipaddress.ip_address(address)
        except ValueError:
            hint = "an address of this host, such as 127.0.0.1; 0.0.0.0 for all"
            raise Unfit(f"cannot be '{text}': that is no IP address", hint) from None
        return address


NO_BRIDGE = "none"


@dataclass(frozen=True, slots=True)
class Interface(Text):
    """A network card of the host, `none`, or "" for none in particular."""

    takes: str = "the name of a network card, none, or nothing"

    def of_text(self, text: str) -> str:
        name = text.strip()
        if name.lower() == NO_BRIDGE:
            return NO_BRIDGE
        hint = "it is the name of a card, at most 15 letters, as ip link shows it; none for no bridge"
        return _interface_name(name, hint) if name else ""


@dataclass(frozen=True, slots=True)
class Bridge(Text):
    """A bridge of the host."""

    takes: str = "the name of a bridge"

    def of_text(self, text: str) -> str:
        return _interface_name(text.strip(), "it is the name of a bridge, at most 15 letters, as ip link shows it")


@dataclass(frozen=True, slots=True)
class Patterns(Text):
    """Regular expressions, with blanks between them."""

    takes: str = "regular expressions with blanks between them"

    def of_text(self, text: str) -> str:
        for pattern in _visible(text).split():
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                raise Unfit(f"cannot have '{pattern}': {error}", "each word is a regular expression") from None
        return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from `least` to `most`; `words` say of what."""

    least: int
    most: int
    words: str = ""

    @property
    def takes(self) -> str:
        return f"{self.words or 'a whole number'}, from {self.least} to {self.most}"

    def of_toml(self, value: Any) -> int:
        number: int = _typed(value, int)
        if not self.least <= number <= self.most:
            raise Unfit(f"cannot be {number}", f"it is {self.takes}")
        return number

    def of_text(self, text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text.strip(), re.ASCII):
            raise Unfit(f"must be a whole number, not '{text}'", f"it is {self.takes}")
        return self.of_toml(int(text))

    def to_toml(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True, slots=True)
class Flag:
    takes: str = "true or false"

    def of_toml(self, value: Any) -> bool:
        flag: bool = _typed(value, bool)
        return flag

    def of_text(self, text: str) -> bool:
        word = text.strip().lower()
        if word not in TRUE | FALSE:
            raise Unfit(f"must be true or false, not '{text}'", "yes, on and 1 are true; no, off and 0 are false")
        return word in TRUE

    def to_toml(self, value: bool) -> str:
        return "true" if value else "false"


@dataclass(frozen=True, slots=True)
class Autostart(Flag):
    """In the registry, a service that starts `manually` does not start with the host, as one that does not (`no`)."""

    def of_text(self, text: str) -> bool:
        return text.strip().lower() != "manually" and Flag.of_text(self, text)


@dataclass(frozen=True, slots=True)
class Folders:
    """Absolute paths."""

    takes: str = "a list of folders, as absolute paths"

    def of_toml(self, value: Any) -> tuple[Path, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item.startswith("/") for item in value):
            raise Unfit("must be a list of absolute paths", 'for example: roots = ["/var/lib/xen"]')
        return tuple(Path(_visible(item)) for item in value)

    def of_text(self, text: str) -> tuple[Path, ...]:
        return self.of_toml([item.strip() for item in text.split(",") if item.strip()])

    def to_toml(self, value: tuple[Path, ...]) -> str:
        return _list([str(path) for path in value])


@dataclass(frozen=True, slots=True)
class VolumeGroups:
    """Names of volume groups of LVM."""

    takes: str = "a list of volume groups"

    def of_toml(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and is_name(item) for item in value):
            raise Unfit("must be a list of names of volume groups", 'for example: volume_groups = ["vg0"]')
        return tuple(dict.fromkeys(value))

    def of_text(self, text: str) -> tuple[str, ...]:
        return self.of_toml([item.strip() for item in text.split(",") if item.strip()])

    def to_toml(self, value: tuple[str, ...]) -> str:
        return _list(list(value))


@dataclass(frozen=True, slots=True)
class UsersAndGroups:
    """Users of the host by name, and its groups with an @ in front."""

    takes: str = "a list of users, and of groups with an @ in front"

    def of_toml(self, value: Any) -> tuple[str, ...]:
        names: list[Any] = value if isinstance(value, list) else [None]
        if not all(isinstance(name, str) and name.strip("@ ") and not set(name) & set('[]"') for name in names):
            raise Unfit("must be a list of names", f'it is {self.takes}: ["root", "@sudo"], or in a text root,@sudo')
        return tuple(_visible(name.strip()) for name in names)

    def of_text(self, text: str) -> tuple[str, ...]:
        return self.of_toml([item.strip() for item in text.split(",") if item.strip()])

    def to_toml(self, value: tuple[str, ...]) -> str:
        return _list(value)


@dataclass(frozen=True, slots=True)
class Grants:
    """Rights on some domains, as `model.grant` reads them."""

    takes: str = f"a list of grants: {FORM}"

    def of_toml(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Unfit("must be a list of texts", f"each is {FORM}")
        for item in value:
            try:
                read_grant(_visible(item))
            except ValueError as error:
                raise Unfit(f"cannot be used: {error}", f"each is {FORM}") from None
        return tuple(" ".join(item.split()) for item in value)

    def of_text(self, text: str) -> tuple[str, ...]:
        return self.of_toml([item.strip() for item in text.split(",") if item.strip()])

    def to_toml(self, value: tuple[str, ...]) -> str:
        return _list(value)


@dataclass(frozen=True, slots=True)
class File(Text):
    """A file of the host, by its absolute path; nothing for none."""

    takes: str = "the absolute path of a file, or nothing"

    def of_text(self, text: str) -> str:
        if text and not text.startswith("/"):
            raise Unfit(f"must be an absolute path, not '{text}'", f"it is {self.takes}")
        return _visible(text)


@dataclass(frozen=True, slots=True)
class Url(Text):
    """Where something answers by https; nothing for nowhere. `bare`: a host, and a port where it is not 443."""

    takes: str = "an https URL, or nothing"
    bare: bool = False

    def of_text(self, text: str) -> str:
        if not text:
            return text
        try:
            parts = urlsplit(_visible(text))
            whole = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
        except ValueError:
            whole = False
        more = set(text) & set(' "<>\\@?#') or (self.bare and parts.path.strip("/"))
        if not whole or more:
            raise Unfit(f"cannot be '{text}'", f"it is {self.takes}, such as https://alpha.example.org:8006")
        return text.rstrip("/") if self.bare else text


@dataclass(frozen=True, slots=True)
class Hosts:
    """Names of hosts, or their addresses."""

    takes: str = "a list of names of hosts"

    def of_toml(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and _HOST.fullmatch(item) for item in value):
            raise Unfit("must be a list of names of hosts, without https:// and port", 'hosts = ["keys.example.org"]')
        return tuple(item.lower() for item in value)

    def of_text(self, text: str) -> tuple[str, ...]:
        return self.of_toml([item.strip() for item in text.split(",") if item.strip()])

    def to_toml(self, value: tuple[str, ...]) -> str:
        return _list(value)


@dataclass(frozen=True, slots=True)
class Methods:
    """Ways to end guests with the host, what is tried first in front; migrate is not possible yet."""

    words: tuple[str, ...]

    @property
    def takes(self) -> str:
        return f"a list of: {', '.join(self.words)}"

    def of_toml(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(item in self.words for item in value):
            raise Unfit(f"must be {self.takes}", 'host_stop = ["shutdown"]')
        if "shutdown" not in value:
            raise Unfit(
                "must have shutdown, for guests that cannot be saved or migrated",
                'host_stop = ["save", "shutdown"] saves those that can be',
            )
        return tuple(value)

    def of_text(self, text: str) -> tuple[str, ...]:
        return self.of_toml([item.strip() for item in text.split(",") if item.strip()])

    def to_toml(self, value: tuple[str, ...]) -> str:
        return _list(value)


def _visible(text: str) -> str:
    if not text.isprintable():
        raise Unfit("must be one line, of characters that can be seen")
    return text


def _interface_name(name: str, hint: str) -> str:
    """What the kernel takes for one (dev_valid_name)."""
    _visible(name)
    if not 0 < len(name.encode()) <= _LONGEST_INTERFACE or re.search(r"[\s/:]", name) or name in (".", ".."):
        raise Unfit(f"cannot be '{name}'", hint)
    return name


def _typed(value: Any, expected: type) -> Any:
    if type(value) is not expected:
        raise Unfit(f"must be {_NAMES[expected]}, not {_NAMES.get(type(value), 'a table or date')}")
    return value


def _list(items: Any) -> str:
    return "[" + ", ".join(json.dumps(item, ensure_ascii=False) for item in items) + "]"
