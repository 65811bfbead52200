"""The modules that guest files import, with the few functions they need: no file is read, nothing is run."""

from __future__ import annotations

import os
import re
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xenia.guestfile.budget import Budget
from xenia.guestfile.methods import Forbidden, Function

_NO_HOST = "reading a guest file runs no program and looks at no file of the host"


@dataclass(frozen=True, slots=True)
class Fake:
    """A module or object of which `members` may be used; `refused` are known members with the reason why not."""

    name: str
    members: Mapping[str, Any]
    refused: Mapping[str, str]

    def member(self, name: str) -> Any:
        """Raises Forbidden for what is not in `members`."""
        if name in self.members:
            return self.members[name]
        reason = self.refused.get(name, "it is not among the functions that a guest file may use")
        raise Forbidden(f"{self.name}.{name} is not allowed: {reason}")


def modules(budget: Budget) -> dict[str, Fake]:
    """The modules by the names they are imported under."""
    path = Fake(
        "os.path",
        {
            name: _measured(getattr(os.path, name), budget)
            for name in ("basename", "dirname", "isabs", "join", "normpath", "split", "splitext")
        },
        dict.fromkeys(
            ("exists", "isfile", "isdir", "islink", "getsize", "realpath", "abspath", "expanduser", "expandvars"),
            _NO_HOST,
        ),
    )
    system = Fake(
        "os",
        {"uname": _uname, "path": path, "sep": "/", "linesep": "\n", "name": "posix"},
        dict.fromkeys(
            ("popen", "system", "listdir", "environ", "getenv", "stat", "access", "open", "remove", "unlink", "execv"),
            _NO_HOST,
        ),
    )
    return {
        "os": system,
        "os.path": path,
        "re": _re(budget),
        "string": _string(budget),
        "sys": Fake(
            "sys",
            {"platform": "linux2", "maxint": 2**63 - 1, "maxsize": 2**63 - 1},
            {"exit": "a guest file cannot end its reading"},
        ),
        "time": Fake(
            "time",
            {"time": time.time, "strftime": lambda form: time.strftime(form[:64])},
            {"sleep": "it would only wait"},
        ),
    }


def _uname() -> tuple[str, str, str, str, str]:
    found = os.uname()
    return (found.sysname, found.nodename, found.release, found.version, found.machine)


def _re(budget: Budget) -> Fake:
    names = ("search", "match", "fullmatch", "split", "findall", "escape")
    members = {name: _measured(getattr(re, name), budget) for name in names}
    return Fake("re", {**members, "sub": _sub(budget), "I": re.I, "IGNORECASE": re.I, "M": re.M, "MULTILINE": re.M}, {})


def _sub(budget: Budget) -> Function:
    def sub(pattern: str, replacement: str, text: str, count: int = 0) -> str:
        if not isinstance(replacement, str) or "\\g" in replacement:
            raise Forbidden("re.sub takes a plain text as replacement here")
        budget.shown(pattern, replacement, text)
        budget.room(len(text) + (len(text) + 1) * (len(replacement) + replacement.count("\\") * len(text)))
        return re.sub(pattern, replacement, text, count=count)

    return sub


def _string(budget: Budget) -> Fake:
    letters = {
        name: getattr(string, name)
        for name in ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits")
    }
    old = {"letters": string.ascii_letters, "lowercase": string.ascii_lowercase, "uppercase": string.ascii_uppercase}
    functions = {
        name: _measured(getattr(str, name), budget)
        for name in ("lower", "upper", "strip", "split", "find", "capitalize")
    }

    def join(words: list[str], separator: str = " ") -> str:
        budget.room(sum(len(word) for word in words) + len(separator) * len(words))
        return separator.join(words)

    return Fake("string", {**letters, **old, **functions, "join": join, "atoi": int}, {})


def _measured(function: Function, budget: Budget) -> Function:
    def call(*arguments: Any, **named: Any) -> Any:
        budget.shown(*arguments)
        return function(*arguments, **named)

    return call
