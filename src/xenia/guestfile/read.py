"""The way from the text of a guest file to its `Reading`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from xenia.guestfile import plain, python
from xenia.guestfile.bindings import Binding, Evaluated, plain_value
from xenia.guestfile.diagnose import diagnose, nearest
from xenia.guestfile.domain import read_domain
from xenia.guestfile.given import COMMAND_LINE, Given, types_agree
from xenia.guestfile.keys import KEYS
from xenia.guestfile.overrides import read_overrides
from xenia.guestfile.text import Refused, Source, prepare
from xenia.model.complaint import Complaint, Severity
from xenia.model.reading import Reading

_MOST_COMPLAINTS = 100
_HELPER = re.compile(r"[A-Z]|_")
"""What names that are not meant for xm begin with (OVM_simple_name)."""

_PYTHON = re.compile(r"^\s*(?:import|from|if|for|while|def|print)\b.*", re.MULTILINE)


def read(text: str, *, file: str, overrides: Sequence[str] = ()) -> Reading:
    """What the guest file `text` means; `file` is its name for complaints and for a domain without a name.

    `overrides` are the `key=value` words of the command line; they come before the file. Never raises for what is in
    the text: every complaint is in the reading, with its place.
    """
    given_words, others, complaints = read_overrides(overrides)
    try:
        source, notes = prepare(text, file)
        complaints += notes
        evaluated = evaluate(source, others)
    except Refused as refused:
        return Reading(file, None, (*complaints, refused.complaint))
    complaints += evaluated.complaints
    bindings = dict(evaluated.bindings) | given_words
    for name, value in others.items():
        bindings.setdefault(name, Binding(value, word=f"{name}={value}"))
    return _reading(file, bindings, evaluated, complaints)


def _reading(file: str, bindings: Mapping[str, Binding], evaluated: Evaluated, complaints: list[Complaint]) -> Reading:
    given = Given(file, bindings)
    _unknown_keys(given, python=evaluated.python)
    types_agree(given)
    config = read_domain(given, file)
    complaints = _in_order([*complaints, *given.complaints])
    return Reading(
        file=file,
        config=None if any(each.severity is Severity.ERROR for each in complaints) else config,
        complaints=tuple(complaints),
        values={name: plain_value(binding.value) for name, binding in bindings.items()},
        places=given.places,
    )


def evaluate(source: Source, given: Mapping[str, str]) -> Evaluated:
    """The bindings of `source`, read as xl's grammar where it is that, and as xm's Python otherwise. Raises Refused."""
    try:
        bindings = plain.parse(source)
        return Evaluated(bindings, python=False, complaints=_twice(source, bindings))
    except plain.NotPlain as not_plain:
        plain_complaint = not_plain.complaint
    try:
        tree = python.parse(source)
    except SyntaxError as error:
        raise Refused(_syntax_complaint(source, error, plain_complaint)) from None
    try:
        bindings = python.evaluate(source, tree, given)
    except Refused as refused:
        raise Refused(_bare_word(source, refused.complaint)) from None
    return Evaluated(bindings, python=True)


def _syntax_complaint(source: Source, error: SyntaxError, plain_complaint: Complaint) -> Complaint:
    """Python's complaint about a file in Python, xl's about any other: each is the more precise of the two there."""
    line, column = error.lineno or 0, error.offset or 0
    if _PYTHON.search(source.text) and line:
        line = min(line, len(source.lines))
        return diagnose(source, line, max(1, min(column, len(source.lines[line - 1]) + 1)), error.msg)
    return diagnose(source, plain_complaint.line, plain_complaint.column, plain_complaint.message)


def _bare_word(source: Source, complaint: Complaint) -> Complaint:
    """What evaluating stopped at may be a misspelt line that happens to be Python (`name = coriolanus`)."""
    if "is not known here" not in complaint.message:
        return complaint
    found = diagnose(source, complaint.line, complaint.column, complaint.message)
    return found if found.line == complaint.line else complaint


def _twice(source: Source, bindings: Mapping[str, Binding]) -> list[Complaint]:
    """Notes about keys that stand twice in a plain file: the last one counts."""
    complaints = []
    for name, binding in bindings.items():
        if name not in KEYS or binding.key is None:
            continue
        pattern = re.compile(rf"[ \t]*{name}[ \t]*=")
        lines = [number for number, line in enumerate(source.lines[: binding.key.line - 1], 1) if pattern.match(line)]
        if lines:
            message = f"{name} stands here once more (first in line {lines[0]}): the last one counts"
            complaints.append(
                replace(source.complaint(binding.key.line, binding.key.column, message), severity=Severity.NOTE)
            )
    return complaints


def _unknown_keys(given: Given, *, python: bool) -> None:
    """Warn of names that are no keys. In a Python file those that the file itself reads are its own."""
    for name, binding in given.bindings.items():
        if name in KEYS or (python and binding.used) or (binding.word and binding.used):
            continue
        near = nearest(name)
        hint = f"did you mean {near}?" if near else None
        if binding.word:
            given.warn(name, f"{name} on the {COMMAND_LINE} is no key of a guest file: it has no effect", hint)
            continue
        if _HELPER.match(name):
            given.complain(Severity.NOTE, name, f"{name} is no key of a guest file: it has no effect", at_key=True)
            continue
        given.complain(Severity.WARNING, name, f"{name} is no key of a guest file: it has no effect", hint, at_key=True)


def _in_order(complaints: list[Complaint]) -> list[Complaint]:
    """By place; errors are kept when there are too many."""
    ordered = sorted(complaints, key=lambda each: (each.line, each.column))
    if len(ordered) > _MOST_COMPLAINTS:
        ordered = sorted(ordered, key=lambda each: list(Severity).index(each.severity))[:_MOST_COMPLAINTS]
    return ordered
