"""xm's dialect: the statements of a guest file in Python, run over the syntax tree with an allow-list and a budget.
Nothing is ever exec'ed.

As under xm, words of the command line that are no keys are names of the file (`vmid=1`), `os` and `sys` are there
without an import, and `xm_vars` declares what the file wants to be told.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from xenia.guestfile.bindings import Binding, placed
from xenia.guestfile.budget import DEPTH, Exhausted
from xenia.guestfile.expressions import Function
from xenia.guestfile.fakes import IMPORTS, Fake, modules
from xenia.guestfile.methods import Forbidden
from xenia.guestfile.operators import operate
from xenia.guestfile.refusals import Refusals
from xenia.guestfile.text import Refused, Source
from xenia.model.reading import Place


def parse(source: Source) -> ast.Module:
    """The syntax tree. Raises SyntaxError, with a place where Python knows one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.text)
    except (RecursionError, MemoryError):
        raise SyntaxError("the file is nested too deeply") from None
    except ValueError as error:
        raise SyntaxError(str(error)) from None


def evaluate(source: Source, tree: ast.Module, given: Mapping[str, str]) -> dict[str, Binding]:
    """The bindings of a file; `given` are the words of the command line that are no keys. Raises Refused."""
    return _Statements(source, given).file(tree)


class _Left(Exception):
    """return, break or continue is on its way out."""

    word = ""


class _Return(_Left):
    word = "return"

    def __init__(self, value: Any) -> None:
        self.value = value


class _Break(_Left):
    word = "break"


class _Continue(_Left):
    word = "continue"


class _Statements(Refusals):
    def __init__(self, source: Source, given: Mapping[str, str]) -> None:
        super().__init__(source)
        self.given = given
        self.modules = modules(self.budget)
        self.places: dict[str, tuple[Place, Place]] = {}
        self.shared: list[set[str]] = [set()]
        self.names.update(given)
        self.names.update({"os": self.modules["os"], "sys": self.modules["sys"], "xm_file": source.file, "xm_help": 0})
        self.names["xm_vars"] = Fake("xm_vars", {"var": self.declare, "check": lambda: None}, {})
        self.here: tuple[Place, Place] = (source.place(1, 1), source.place(1, 1))

    def file(self, tree: ast.Module) -> dict[str, Binding]:
        try:
            self.run(tree.body)
        except _Left as left:
            raise Refused(self.source.complaint(0, 0, f"{left.word} stands outside of what it would leave")) from None
        bindings = {}
        for name, value in self.names.items():
            if (name not in self.places and name not in self.given) or not isinstance(
                value, str | int | float | list | dict | tuple | None
            ):
                continue
            key, place = self.places.get(name, (None, None))
            word = "" if key else f"{name}={self.given.get(name, '')}"
            bindings[name] = Binding(value, key, place, word, name in self.used or word != "")
        self.check_size(bindings)
        return bindings

    def check_size(self, bindings: Mapping[str, Binding]) -> None:
        for name, binding in bindings.items():
            try:
                self.budget.shown(binding.value)
            except Exhausted:
                line, column = (binding.key.line, binding.key.column) if binding.key else (0, 0)
                raise Refused(self.source.complaint(line, column, f"the value of {name} is too large")) from None

    def run(self, body: list[ast.stmt]) -> None:
        self.depth += 1
        try:
            for statement in body:
                self.statement(statement)
        finally:
            self.depth -= 1

    def statement(self, node: ast.stmt) -> None:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise self.refused(node, f"{_spoken(node)} is not allowed in a guest file")
        try:
            self.budget.step()
            if self.depth > DEPTH:
                raise Exhausted("it is nested too deeply")
            handler(self, node)
        except Forbidden as error:
            raise self.refused(node, error.message, error.hint, error.error) from None
        except Exhausted as error:
            raise self.refused(node, f"evaluating the file was given up: {error}") from None
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise self.refused(node, f"this cannot be evaluated: {error}"[:200], None, type(error).__name__) from None

    def on_assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.here = (self.place(target), self.place(node.value))
            self.assign(target, value)

    def assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            if self.local and target.id not in self.shared[-1]:
                self.local[-1][target.id] = value
            else:
                self.names[target.id] = value
                self.places[target.id] = self.here
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target, value)
        elif isinstance(target, ast.Subscript):
            self.assign_item(target, value)
        else:
            raise self.refused(target, "only a name can be given a value here")

    def unpack(self, target: ast.Tuple | ast.List, value: Any) -> None:
        if not isinstance(value, str | list | tuple) or len(value) != len(target.elts):
            raise self.refused(target, f"this does not give {len(target.elts)} values for {len(target.elts)} names")
        for each, part in zip(target.elts, value, strict=True):
            self.assign(each, part)

    def assign_item(self, target: ast.Subscript, value: Any) -> None:
        container = self.evaluate(target.value)
        if not isinstance(container, list | dict) or isinstance(target.slice, ast.Slice):
            raise self.refused(target, "only an item of a list or a dict can be given a value here")
        container[self.index(target.slice)] = placed(value, self.here[1]) if type(value) is str else value
        self.budget.room(len(container), items=True)

    def on_augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Attribute):
            raise self.refused(node.target, "only a name can be given a value here")
        # The same place is read and then written: its context in the tree (Store) does not matter to `evaluate`.
        value = operate(self.budget, node.op, self.evaluate(node.target), self.evaluate(node.value))
        self.here = (self.place(node.target), self.place(node.value))
        if isinstance(node.target, ast.Name) and not self.local:
            self.here = self.places.get(node.target.id, self.here)
        self.assign(node.target, self.budget.result(value))

    def on_expression(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Name) and node.value.id not in self.names:
            raise self.refused(
                node,
                f"{node.value.id} alone means nothing here",
                "is this a comment that has lost its #?",
                "NameError",
            )
        self.here = (self.place(node), self.place(node))
        self.evaluate(node.value)

    def on_if(self, node: ast.If) -> None:
        self.run(node.body if self.evaluate(node.test) else node.orelse)

    def on_for(self, node: ast.For) -> None:
        for each in self.iterated(node.iter):
            self.here = (self.place(node.target), self.place(node.iter))
            self.assign(node.target, each)
            try:
                self.run(node.body)
            except _Continue:
                continue
            except _Break:
                return
        self.run(node.orelse)

    def on_while(self, node: ast.While) -> None:
        while self.evaluate(node.test):
            self.budget.step()
            try:
                self.run(node.body)
            except _Continue:
                continue
            except _Break:
                return
        self.run(node.orelse)

    def on_function(self, node: ast.FunctionDef) -> None:
        if node.decorator_list:
            raise self.refused(node, "a function of a guest file takes plain arguments only")
        self.here = (self.place(node), self.place(node))
        target = ast.Name(node.name, lineno=node.lineno, col_offset=node.col_offset)
        self.assign(target, self.function(node.name, node.args, node.body))

    def run_function(self, function: Function, arguments: list[Any], named: dict[str, Any]) -> Any:
        names = function.arguments
        scope = dict(zip(names[len(names) - len(function.defaults) :], function.defaults, strict=True))
        scope.update(zip(names, arguments, strict=False))
        scope.update(named)
        if len(arguments) > len(names) or set(scope) != set(names):
            message = f"{function.name} takes {len(names)} arguments: {', '.join(names)}"
            raise Forbidden(message, error="TypeError")
        outer, self.local = self.local, [*function.outer, scope]
        self.shared.append(set())
        try:
            if isinstance(function.body, ast.expr):
                return self.evaluate(function.body)
            self.run(function.body)
        except _Return as left:
            return left.value
        except _Left as left:
            raise Forbidden(f"{left.word} stands outside of a loop") from None
        finally:
            self.local = outer
            self.shared.pop()
        return None

    def on_return(self, node: ast.Return) -> None:
        raise _Return(self.evaluate(node.value) if node.value else None)

    def on_annotation(self, node: ast.AnnAssign) -> None:
        raise self.refused(node, "a : stands where a = belongs", "write key = value")

    def on_break(self, _: ast.Break) -> None:
        raise _Break

    def on_continue(self, _: ast.Continue) -> None:
        raise _Continue

    def on_pass(self, _: ast.Pass) -> None:
        """Nothing to do."""

    def on_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self.names and not self.local:
                del self.names[target.id]
            elif isinstance(target, ast.Subscript) and isinstance(self.evaluate(target.value), list | dict):
                del self.evaluate(target.value)[self.index(target.slice)]
            else:
                raise self.refused(target, "only a name of the file, or an item of a list or a dict, can be deleted")

    def on_global(self, node: ast.Global) -> None:
        self.shared[-1].update(node.names)

    def on_import(self, node: ast.Import) -> None:
        for alias in node.names:
            module = self.module(node, alias.name)
            name = alias.asname or alias.name.partition(".")[0]
            self.names[name] = module if alias.asname else self.modules[name]

    def on_import_from(self, node: ast.ImportFrom) -> None:
        module = self.module(node, node.module or "")
        for alias in node.names:
            self.names[alias.asname or alias.name] = module.member(alias.name)

    def module(self, node: ast.stmt, name: str) -> Fake:
        if name in self.modules:
            return self.modules[name]
        allowed = ", ".join(sorted(set(self.modules) - {"os.path"}))
        hint = IMPORTS.get(name.partition(".")[0], f"{allowed} are there")
        raise self.refused(node, f"import {name} is not allowed: a guest file is read, not run", hint, "ImportError")

    def declare(self, name: str, use: str = "", check: Any = None) -> None:
        """xm_vars.var: the file wants `name` from the command line."""
        if name not in self.given:
            raise Forbidden(
                f"the file wants {name} from the command line ({use})",
                f"xm create {self.source.file or 'FILE'} {name}=VALUE",
            )
        value = self.given[name]
        self.names[name] = self.apply(check, [name, value], {}) if check is not None else value


_HANDLERS: Mapping[type[ast.stmt], Callable[[Any, Any], None]] = {
    ast.Assign: _Statements.on_assign,
    ast.AugAssign: _Statements.on_augmented,
    ast.AnnAssign: _Statements.on_annotation,
    ast.Expr: _Statements.on_expression,
    ast.If: _Statements.on_if,
    ast.For: _Statements.on_for,
    ast.While: _Statements.on_while,
    ast.FunctionDef: _Statements.on_function,
    ast.Return: _Statements.on_return,
    ast.Break: _Statements.on_break,
    ast.Continue: _Statements.on_continue,
    ast.Pass: _Statements.on_pass,
    ast.Global: _Statements.on_global,
    ast.Raise: _Statements.on_raise,
    ast.Try: _Statements.on_try,
    ast.Assert: _Statements.on_assert,
    ast.Delete: _Statements.on_delete,
    ast.Import: _Statements.on_import,
    ast.ImportFrom: _Statements.on_import_from,
}

_SPOKEN = {
    "ClassDef": "class",
    "With": "with",
    "AsyncFunctionDef": "async",
    "Nonlocal": "nonlocal",
    "Match": "match",
}


def _spoken(node: ast.stmt) -> str:
    return _SPOKEN.get(type(node).__name__, "this statement")
