"""The modules that guest files import, with the few functions they need: no file is read, nothing is run."""

from __future__ import annotations

import os
import re
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from xenia.guestfile.budget import Budget
from xenia.guestfile.methods import Forbidden, Function, method

_NO_HOST = "reading a guest file runs no program and looks at nothing of the host"
_BY_WORD = "xm create FILE NAME=VALUE gives the file a name with a value"


REFUSED = {
    "open": "put what stands in that file into this one",
    "file": "put what stands in that file into this one",
    "execfile": "put the lines of that file into this one",
    "eval": "write the value itself",
    "exec": "write the lines themselves",
    "input": "xm create FILE NAME=VALUE gives the file a name with a value",
    "raw_input": "xm create FILE NAME=VALUE gives the file a name with a value",
    "exit": "raise ValueError('why') refuses the values of a file",
    "quit": "raise ValueError('why') refuses the values of a file",
    "__import__": "import os, re, string, sys and time are there",
}
"""Built-in functions of Python that a guest file may not call, with what to do instead."""

IMPORTS = {
    "commands": _BY_WORD,
    "subprocess": _BY_WORD,
    "random": "leave mac out of vif: an address is made once and kept",
    "socket": "write the name or address itself, or give it as a word: xm create FILE NAME=VALUE",
    "xen": "what xend itself did with a file is not part of it: keep the lines with keys",
}
"""Modules that old files import, with what to do instead."""


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
        hint = _BY_WORD if reason == _NO_HOST else None
        error = "" if name in self.refused else "AttributeError"
        raise Forbidden(f"{self.name}.{name} is not allowed: {reason}", hint, error)


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
            (
                "popen",
                "system",
                "listdir",
                "environ",
                "getenv",
                "getcwd",
                "getpid",
                "getuid",
                "stat",
                "access",
                "open",
                "remove",
                "unlink",
                "execv",
            ),
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


class Uname(NamedTuple):
    """What os.uname() gives."""

    sysname: str
    nodename: str
    release: str
    version: str
    machine: str


def _uname() -> Uname:
    return Uname(*os.uname())


def _re(budget: Budget) -> Fake:
    names = ("search", "match", "fullmatch", "split", "findall")
    members: dict[str, Any] = {name: _measured(getattr(re, name), budget) for name in names}
    flags = {"I": re.I, "IGNORECASE": re.I, "M": re.M, "MULTILINE": re.M, "S": re.S, "DOTALL": re.S}

    def compile(pattern: str, flags: int = 0) -> Fake:
        found = re.compile(pattern, flags)
        compiled = {name: _measured(getattr(found, name), budget) for name in names}
        return Fake("a compiled expression", {**compiled, "sub": partial(_sub(budget), pattern, flags=flags)}, {})

    escape = _measured(re.escape, budget)
    return Fake("re", {**members, **flags, "escape": escape, "sub": _sub(budget), "compile": compile}, {})


def _sub(budget: Budget) -> Function:
    def sub(pattern: str, replacement: str, text: str, count: int = 0, flags: int = 0) -> str:
        if not isinstance(replacement, str) or "\\g" in replacement:
            raise Forbidden("re.sub takes a plain text as replacement here")
        budget.shown(pattern, replacement, text)
        budget.room(len(text) + (len(text) + 1) * (len(replacement) + replacement.count("\\") * len(text)))
        return re.sub(pattern, replacement, text, count=count, flags=flags)

    return sub


def _string(budget: Budget) -> Fake:
    letters = {
        name: getattr(string, name)
        for name in ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits")
    }
    old = {"letters": string.ascii_letters, "lowercase": string.ascii_lowercase, "uppercase": string.ascii_uppercase}
    functions = {
        name: _of_text(name, budget)
        for name in (
            "capitalize", "center", "count", "expandtabs", "find", "ljust", "lower", "lstrip", "replace", "rfind",
            "rjust", "rstrip", "split", "strip", "swapcase", "upper", "zfill",
        )
    }  # fmt: skip

    def join(words: list[str], separator: str = " ") -> str:
        budget.room(sum(len(word) for word in words) + len(separator) * len(words))
        return separator.join(words)

    return Fake("string", {**letters, **old, **functions, "join": join, "atoi": int, "atof": float}, {})


def _of_text(name: str, budget: Budget) -> Function:
    """A method of texts as Python 2 had it in its module string."""
    return lambda text, *arguments: method(text, name, budget)(*arguments)


def _measured(function: Function, budget: Budget) -> Function:
    def call(*arguments: Any, **named: Any) -> Any:
        budget.shown(*arguments)
        return function(*arguments, **named)

    return call
