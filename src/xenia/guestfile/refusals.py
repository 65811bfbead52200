"""raise, assert and try: how a guest file refuses its values, and goes on where something has no value."""

from __future__ import annotations

import ast
import builtins
from typing import Any

from xenia.guestfile.expressions import Expressions
from xenia.guestfile.text import Refused

_MOST = 300
_REFUSES = "the file itself refuses its values here: "


class Refusals(Expressions):
    """What a file refuses becomes an error with the words it holds. `except` catches what Python would raise there, and
    nothing of what ends reading for its own sake: a budget that is used up, something that is not allowed.
    """

    def run(self, body: list[ast.stmt]) -> None:
        raise NotImplementedError

    def on_raise(self, node: ast.Raise) -> None:
        name = _exception(node.exc)
        words = node.exc.args if isinstance(node.exc, ast.Call) else []
        raise self.refused(node, self.said(words[:1], "raise"), None, name or "Exception")

    def on_assert(self, node: ast.Assert) -> None:
        if not self.evaluate(node.test):
            raise self.refused(node, self.said([node.msg] if node.msg else [], "assert"), None, "AssertionError")

    def said(self, words: list[ast.expr], how: str) -> str:
        message = str(self.evaluate(words[0]))[:_MOST].strip() if words else ""
        return _REFUSES + (message or how)

    def on_try(self, node: ast.Try) -> None:
        try:
            try:
                self.attempt(node.body)
            except Refused as refused:
                handler = next((each for each in node.handlers if _catches(each.type, refused.error)), None)
                if handler is None:
                    raise
                if handler.name:
                    self.assign(ast.Name(handler.name), refused.complaint.message.removeprefix(_REFUSES))
                self.run(handler.body)
            else:
                self.run(node.orelse)
        finally:
            self.run(node.finalbody)

    def attempt(self, body: list[ast.stmt]) -> None:
        self.tries += 1
        try:
            self.run(body)
        finally:
            self.tries -= 1


def _exception(node: ast.expr | None) -> str:
    """The name of the exception in `raise X` and `raise X(...)`."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.id if isinstance(node, ast.Name) else ""


def _catches(wanted: ast.expr | None, error: str) -> bool:
    if not error or wanted is None:
        return bool(error)
    if isinstance(wanted, ast.Tuple):
        return any(_catches(each, error) for each in wanted.elts)
    kind, caught = _kind(error), _kind(_exception(wanted))
    return _exception(wanted) in (error, "StandardError") or (
        caught is not None and issubclass(kind or Exception, caught)
    )


def _kind(name: str) -> Any:
    """The built-in exception of that name, for its place among the others."""
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else None
