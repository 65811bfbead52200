"""The built-in functions and methods that a guest file may call, each with its size checked before it works."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from typing import Any

from xenia.guestfile.budget import Budget

Function = Callable[..., Any]


class Forbidden(Exception):
    """The file asks for something that reading a guest file does not do; the text says what and why. `error` names
    Python's exception where the file itself may catch it.
    """

    def __init__(self, message: str, hint: str | None = None, error: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.error = error


def builtins(budget: Budget) -> dict[str, Function]:
    """The built-in functions by name."""

    def bounded_range(*arguments: int) -> list[int]:
        numbers = range(*arguments)
        budget.room(len(numbers), items=True)
        return list(numbers)

    def shown(make: Function) -> Function:
        def call(*arguments: Any, **named: Any) -> Any:
            budget.shown(*arguments)
            return make(*arguments, **named)

        return call

    return {
        "abs": abs, "all": all, "any": any, "bool": bool, "chr": chr, "dict": dict, "float": float, "hex": hex,
        "int": int, "len": len, "list": list, "long": int, "oct": oct, "ord": ord, "round": round, "tuple": tuple,
        "enumerate": lambda items, start=0: list(enumerate(items, start)),
        "reversed": lambda items: list(reversed(items)),
        "zip": lambda *lists: list(zip(*lists, strict=False)),
        "range": bounded_range, "xrange": bounded_range,
        "str": shown(str), "unicode": shown(str), "repr": shown(repr),
        "max": shown(max), "min": shown(min), "sorted": shown(sorted), "sum": shown(sum),
        "map": lambda function, *lists: [function(*each) for each in zip(*lists, strict=False)],
        "filter": lambda function, items: [each for each in items if (function(each) if function else each)],
        "print": lambda *_, **__: None,
    }  # fmt: skip


_STRING_METHODS = frozenset(
    {
        "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdecimal", "isdigit",
        "islower", "isnumeric", "isspace", "istitle", "isupper", "lower", "lstrip",
        "partition", "rfind", "rindex", "rpartition", "rsplit",
        "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "removeprefix",
        "removesuffix",
    }
)  # fmt: skip
_LIST_METHODS = frozenset(
    {
        "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort",
    }
)  # fmt: skip
_DICT_METHODS = frozenset(
    {
        "clear", "copy", "get", "pop", "setdefault", "update",
    }
)  # fmt: skip
_MATCH_METHODS = frozenset(
    {
        "group", "groups", "groupdict", "start", "end", "span",
    }
)  # fmt: skip


def method(value: Any, name: str, budget: Budget) -> Function:
    """The method `name` of `value`. Raises Forbidden where there is none that a guest file may call."""
    if isinstance(value, str):
        if name in _STRING_METHODS:
            return _counted(getattr(str(value), name), budget, value)
        if name in _SIZED:
            return _sized(str(value), name, budget)
    elif isinstance(value, list) and name in _LIST_METHODS:
        return _growing(value, name, budget)
    elif isinstance(value, dict):
        return _of_dict(value, name, budget)
    elif isinstance(value, tuple) and name in ("count", "index"):
        return _counted(getattr(value, name), budget, value)
    elif isinstance(value, re.Match) and name in _MATCH_METHODS:
        return _counted(getattr(value, name), budget)
    raise Forbidden(f"{_kind(value)} has no .{name} in a guest file")


def _kind(value: Any) -> str:
    names: Mapping[type, str] = {
        list: "a list",
        dict: "a dict",
        tuple: "a tuple",
        int: "a number",
        float: "a number",
        bool: "a truth value",
    }
    return "a string" if isinstance(value, str) else names.get(type(value), "this")


def _counted(function: Function, budget: Budget, *values: Any) -> Function:
    def call(*arguments: Any, **named: Any) -> Any:
        budget.shown(*values, *arguments)
        return function(*arguments, **named)

    return call


def _growing(value: list[Any], name: str, budget: Budget) -> Function:
    function = getattr(value, name)

    def call(*arguments: Any, **named: Any) -> Any:
        more = len(arguments[0]) if name == "extend" and arguments else 1
        budget.room(len(value) + more, items=True)
        if name not in ("append", "insert", "extend", "pop"):
            budget.shown(value, *arguments)
        return function(*arguments, **named)

    return call


def _of_dict(value: dict[Any, Any], name: str, budget: Budget) -> Function:
    if name in ("keys", "values", "items", "iterkeys", "itervalues", "iteritems"):
        return lambda: list(getattr(value, name.removeprefix("iter"))())
    if name == "has_key":
        return lambda key: key in value
    if name in _DICT_METHODS:
        budget.room(len(value), items=True)
        return _counted(getattr(value, name), budget)
    raise Forbidden(f"a dict has no .{name} in a guest file")


_SIZED = frozenset(
    {
        "center", "expandtabs", "format", "join", "ljust", "replace", "rjust", "zfill",
    }
)  # fmt: skip


def _sized(text: str, name: str, budget: Budget) -> Function:
    """A string method whose result may be much longer than what it is made of."""

    def call(*arguments: Any, **named: Any) -> Any:
        if name == "join":
            parts = list(arguments[0])
            budget.room(sum(len(part) for part in parts) + len(text) * len(parts))
            return text.join(parts)
        if name == "replace":
            budget.room(len(text) + (text.count(arguments[0]) if arguments[0] else len(text) + 1) * len(arguments[1]))
        elif name == "format":
            _check_format(text, budget)
            budget.shown(text, arguments, named)
        elif arguments:
            budget.room(len(text) + int(arguments[0]) * (text.count("\t") if name == "expandtabs" else 1))
        return getattr(text, name)(*arguments, **named)

    return call


def _check_format(text: str, budget: Budget) -> None:
    for _, field, specification, _ in string.Formatter().parse(text):
        if field and re.search(r"[.\[]", field):
            raise Forbidden("a format may name a value, but no part of it (. or [)")
        if specification and "{" in specification:
            raise Forbidden("a format inside a format is not allowed")
        budget.width(specification or "")
