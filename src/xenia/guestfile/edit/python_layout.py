"""The layout of a file in xm's Python: what stands at the top of it as it is, and what is computed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import accumulate

from xenia.guestfile import python
from xenia.guestfile.edit.layout import Layout, Site, Span
from xenia.guestfile.text import Source

_CHANGING = frozenset({"append", "extend", "insert", "remove", "pop", "sort", "reverse", "clear", "update"})
"""Methods that change the value of the name they are called on."""


def python_layout(source: Source) -> Layout:
    """Raises SyntaxError. What functions of the file do inside is their own: they have names of their own."""
    return _Finder(source).layout(python.parse(source))


class _Finder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.starts = [0, *accumulate(len(line) + 1 for line in source.lines)]
        self.sites: dict[str, list[Site]] = {}

    def layout(self, tree: ast.Module) -> Layout:
        for statement in tree.body:
            name = _plain_target(statement)
            if name is not None and isinstance(statement, ast.Assign | ast.AugAssign):
                self.note(name, self.plain_site(statement))
            else:
                for changed, node in sorted(_changed(statement), key=lambda each: each[1].lineno):
                    span = self.span(node)
                    self.note(changed, Site(node.lineno, span, span))
        return Layout(self.source.text, python=True, sites={name: tuple(found) for name, found in self.sites.items()})

    def note(self, name: str, site: Site) -> None:
        self.sites.setdefault(name, []).append(site)

    def plain_site(self, statement: ast.Assign | ast.AugAssign) -> Site:
        value, items = statement.value, None
        if isinstance(value, ast.List | ast.Tuple) and not any(isinstance(item, ast.Starred) for item in value.elts):
            items = tuple(self.span(item) for item in value.elts)
        return Site(
            statement.lineno,
            self.span(statement),
            self.span(value),
            plain=True,
            literal=_is_literal(value),
            added=isinstance(statement, ast.AugAssign),
            items=items,
        )

    def span(self, node: ast.stmt | ast.expr) -> Span:
        """Python counts the columns in bytes of UTF-8."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column))

    def offset(self, line: int, column: int) -> int:
        letters = self.source.lines[line - 1]
        if not letters.isascii():
            column = len(letters.encode()[:column].decode())
        return self.starts[line - 1] + column


def _plain_target(statement: ast.stmt) -> str | None:
    """The name that an assignment at the top of the file is to, where it is to that alone."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.List | ast.Tuple):
        return all(_is_literal(item) for item in node.elts)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub | ast.UAdd) and isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant)


def _changed(statement: ast.stmt) -> Iterator[tuple[str, ast.stmt | ast.expr]]:
    """The names that a statement gives a value to or changes, however deep inside; with where it does."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            if isinstance(node, ast.FunctionDef):
                yield node.name, node
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, node
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            if isinstance(node.value, ast.Name):
                yield node.value.id, node
        elif isinstance(node, ast.Attribute) and node.attr in _CHANGING and isinstance(node.value, ast.Name):
            yield node.value.id, node
        waiting.extend(ast.iter_child_nodes(node))
