"""The expressions of xm's dialect, evaluated over the syntax tree with an allow-list: what is not named here is
refused.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xenia.guestfile.bindings import placed
from xenia.guestfile.budget import DEPTH, Budget, Exhausted
from xenia.guestfile.fakes import REFUSED, Fake, Uname
from xenia.guestfile.methods import Forbidden, builtins, method
from xenia.guestfile.operators import COMPARE, UNARY, operate
from xenia.guestfile.text import Refused, Source
from xenia.model.reading import Place

_FAILURES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError, MemoryError, re.error)

_NEAR = 200
"""How many names are looked at for one that was meant."""
_CONVERSIONS: Mapping[int, Callable[[Any], str]] = {115: str, 114: repr, 97: ascii}


@dataclass(frozen=True, slots=True)
class Function:
    """A `def` of the file, or a `lambda` in it. `outer` are the scopes that it sees beside the file's own names."""

    name: str
    arguments: tuple[str, ...]
    defaults: tuple[Any, ...]
    body: list[ast.stmt] | ast.expr
    outer: tuple[dict[str, Any], ...]


class Expressions:
    """Evaluates expressions in scopes: `names` are the file's own names, `local` those of functions and comprehensions
    that run.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.budget = Budget()
        self.names: dict[str, Any] = {}
        self.local: list[dict[str, Any]] = []
        self.used: set[str] = set()
        self.builtins: Mapping[str, Any] = builtins(self.budget) | {
            "True": True, "False": False, "None": None, "globals": self.known, "locals": self.known, "vars": self.known,
            "dir": lambda: sorted(self.known()),
        }  # fmt: skip
        self.depth = 0
        self.tries = 0
        """How many `try` are under way: nobody reads the hints of what they catch."""

    def place(self, node: ast.expr | ast.stmt) -> Place:
        line = self.source.lines[node.lineno - 1] if node.lineno <= len(self.source.lines) else ""
        column = node.col_offset if line.isascii() else len(line.encode()[: node.col_offset].decode(errors="ignore"))
        return self.source.place(node.lineno, column + 1)

    def refused(self, node: ast.expr | ast.stmt, message: str, hint: str | None = None, error: str = "") -> Refused:
        """`error` is the name of Python's exception, for `except` in the file; "" for what a file cannot catch."""
        place = self.place(node)
        return Refused(self.source.complaint(place.line, place.column, message, hint), error)

    def evaluate(self, node: ast.expr) -> Any:
        """The value of `node`. Raises Refused with its place when it has none or may not have one."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise self.refused(node, f"{_spoken(node)} is not allowed in a guest file")
        self.depth += 1
        try:
            self.budget.step()
            if self.depth > DEPTH:
                raise Exhausted("it is nested too deeply")
            return self.budget.result(handler(self, node))
        except Forbidden as error:
            raise self.refused(node, error.message, error.hint, error.error) from None
        except Exhausted as error:
            raise self.refused(node, f"evaluating the file was given up: {error}") from None
        except _FAILURES as error:
            raise self.refused(node, f"this cannot be evaluated: {_said(error)}", None, type(error).__name__) from None
        finally:
            self.depth -= 1

    def on_constant(self, node: ast.Constant) -> Any:
        if node.value is None or isinstance(node.value, str | int | float):
            return node.value
        raise Forbidden("only texts, numbers, True, False and None are values in a guest file")

    def on_name(self, node: ast.Name) -> Any:
        for scope in reversed(self.local):
            if node.id in scope:
                return scope[node.id]
        if node.id in self.names:
            self.used.add(node.id)
            return self.names[node.id]
        if node.id in self.builtins:
            return self.builtins[node.id]
        if node.id in REFUSED:
            raise Forbidden(f"{node.id} is not allowed: a guest file is read, not run", REFUSED[node.id])
        names = list(self.names)[:_NEAR]
        near = [] if self.tries else difflib.get_close_matches(node.id[:64], names, n=1, cutoff=0.75)
        hint = f"did you mean {near[0]}?" if near else f'put it in quotes if it is a text: "{node.id}"'
        raise Forbidden(f"the name {node.id} is not known here", hint, "NameError")

    def known(self) -> dict[str, Any]:
        """The names that have a value, as globals() has them."""
        return {name: value for name, value in self.names.items() if not isinstance(value, Fake | Function)}

    def on_list(self, node: ast.List) -> list[Any]:
        return [self.item(each) for each in node.elts]

    def item(self, node: ast.expr) -> Any:
        """A value on its way into a list: a text remembers where it stands."""
        value = self.evaluate(node)
        return placed(value, self.place(node)) if type(value) is str else value

    def on_tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self.item(each) for each in node.elts)

    def on_dict(self, node: ast.Dict) -> dict[Any, Any]:
        if None in node.keys:
            raise Forbidden("** is not allowed in a guest file")
        return {
            self.evaluate(key): self.evaluate(value)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }

    def on_binary(self, node: ast.BinOp) -> Any:
        chain: list[ast.BinOp] = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        value = self.evaluate(chain[-1].left)
        for each in reversed(chain):
            self.budget.step()
            value = self.budget.result(operate(self.budget, each.op, value, self.evaluate(each.right)))
        return value

    def on_unary(self, node: ast.UnaryOp) -> Any:
        return UNARY[type(node.op)](self.evaluate(node.operand))

    def on_boolean(self, node: ast.BoolOp) -> Any:
        value: Any = None
        for each in node.values:
            value = self.evaluate(each)
            if bool(value) is isinstance(node.op, ast.Or):
                break
        return value

    def on_compare(self, node: ast.Compare) -> bool:
        left = self.evaluate(node.left)
        for sign, each in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(each)
            self.budget.shown(left, right)
            if not COMPARE[type(sign)](left, right):
                return False
            left = right
        return True

    def on_conditional(self, node: ast.IfExp) -> Any:
        return self.evaluate(node.body if self.evaluate(node.test) else node.orelse)

    def on_subscript(self, node: ast.Subscript) -> Any:
        value = self.evaluate(node.value)
        if not isinstance(value, str | list | tuple | dict):
            raise Forbidden("only texts, lists and dicts have [...]")
        return value[self.index(node.slice)]

    def index(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            return slice(
                *(None if part is None else self.evaluate(part) for part in (node.lower, node.upper, node.step))
            )
        return self.evaluate(node)

    def on_joined(self, node: ast.JoinedStr) -> str:
        return "".join(str(self.evaluate(each)) for each in node.values)

    def on_formatted(self, node: ast.FormattedValue) -> str:
        value = self.evaluate(node.value)
        self.budget.shown(value)
        if (convert := _CONVERSIONS.get(node.conversion)) is not None:
            value = convert(value)
        form = self.evaluate(node.format_spec) if node.format_spec is not None else ""
        self.budget.width(form)
        return format(value, form)

    def on_attribute(self, node: ast.Attribute) -> Any:
        value = self.evaluate(node.value)
        if isinstance(value, Fake):
            return value.member(node.attr)
        if isinstance(value, Uname) and node.attr in Uname._fields:
            return getattr(value, node.attr)
        raise Forbidden(f".{node.attr} is not allowed here")

    def on_comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
        items: list[Any] = []

        def add() -> None:
            items.append(self.item(node.elt))
            self.budget.room(len(items), items=True)

        self.comprehend(node.generators, add)
        return items

    def on_dict_comprehension(self, node: ast.DictComp) -> dict[Any, Any]:
        items: dict[Any, Any] = {}

        def add() -> None:
            items[self.evaluate(node.key)] = self.evaluate(node.value)
            self.budget.room(len(items), items=True)

        self.comprehend(node.generators, add)
        return items

    def comprehend(self, generators: list[ast.comprehension], add: Callable[[], None]) -> None:
        """Call `add` for each round of the loops, in a scope of their own."""

        def run(generators: list[ast.comprehension]) -> None:
            if not generators:
                add()
                return
            first, *rest = generators
            for each in self.iterated(first.iter):
                self.assign(first.target, each)
                if all(self.evaluate(test) for test in first.ifs):
                    run(rest)

        self.local.append({})
        try:
            run(generators)
        finally:
            self.local.pop()

    def iterated(self, node: ast.expr) -> list[Any]:
        """What a loop goes over, as it is when the loop begins."""
        value = self.evaluate(node)
        if isinstance(value, str | list | tuple | dict):
            self.budget.step()
            return list(value)
        raise Forbidden("only a text, a list, a tuple or a dict can be gone through")

    def on_lambda(self, node: ast.Lambda) -> Function:
        return self.function("lambda", node.args, node.body)

    def function(self, name: str, arguments: ast.arguments, body: list[ast.stmt] | ast.expr) -> Function:
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
            raise Forbidden("a function of a guest file takes plain arguments only")
        defaults = tuple(self.evaluate(each) for each in arguments.defaults)
        return Function(name, tuple(each.arg for each in arguments.args), defaults, body, tuple(self.local))

    def on_call(self, node: ast.Call) -> Any:
        function, target = self.callee(node.func)
        if any(each.arg is None for each in node.keywords):
            raise Forbidden("** is not allowed in a call")
        grows = isinstance(target, list)
        arguments: list[Any] = []
        for each in node.args:
            if isinstance(each, ast.Starred):
                arguments.extend(self.iterated(each.value))
            else:
                arguments.append(self.item(each) if grows else self.evaluate(each))
        named = {str(each.arg): self.evaluate(each.value) for each in node.keywords}
        return self.apply(function, arguments, named)

    def callee(self, node: ast.expr) -> tuple[Any, Any]:
        """What is called, and the value whose method it is."""
        if not isinstance(node, ast.Attribute):
            return self.evaluate(node), None
        target = self.evaluate(node.value)
        if isinstance(target, Fake):
            return target.member(node.attr), None
        return method(target, node.attr, self.budget), target

    def apply(self, function: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
        if isinstance(function, Function):
            return self.run_function(function, arguments, named)
        if callable(function):
            named = {name: self.called(value) for name, value in named.items()}
            return function(*map(self.called, arguments), **named)
        raise Forbidden("this is no function")

    def called(self, value: Any) -> Any:
        """A function of the file as built-in ones can call it (sorted, map)."""
        if not isinstance(value, Function):
            return value
        return lambda *arguments: self.apply(value, list(arguments), {})

    def assign(self, target: ast.expr, value: Any) -> None:
        """Give `target` its value. Overridden where the file's own names are kept."""
        raise NotImplementedError

    def run_function(self, function: Function, arguments: list[Any], named: dict[str, Any]) -> Any:
        raise NotImplementedError


_HANDLERS: Mapping[type[ast.expr], Callable[[Any, Any], Any]] = {
    ast.Constant: Expressions.on_constant,
    ast.Name: Expressions.on_name,
    ast.List: Expressions.on_list,
    ast.Tuple: Expressions.on_tuple,
    ast.Dict: Expressions.on_dict,
    ast.BinOp: Expressions.on_binary,
    ast.UnaryOp: Expressions.on_unary,
    ast.BoolOp: Expressions.on_boolean,
    ast.Compare: Expressions.on_compare,
    ast.IfExp: Expressions.on_conditional,
    ast.Subscript: Expressions.on_subscript,
    ast.JoinedStr: Expressions.on_joined,
    ast.FormattedValue: Expressions.on_formatted,
    ast.Attribute: Expressions.on_attribute,
    ast.ListComp: Expressions.on_comprehension,
    ast.GeneratorExp: Expressions.on_comprehension,
    ast.DictComp: Expressions.on_dict_comprehension,
    ast.Lambda: Expressions.on_lambda,
    ast.Call: Expressions.on_call,
}

_SPOKEN = {
    "SetComp": "a set",
    "Set": "a set",
    "NamedExpr": ":=",
    "Starred": "*",
    "Await": "await",
    "Yield": "yield",
}


def _spoken(node: ast.AST) -> str:
    return _SPOKEN.get(type(node).__name__, "this")


def _said(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error} in it"
    return f"{error or type(error).__name__}"[:200]
