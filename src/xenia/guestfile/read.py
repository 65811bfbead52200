"""The way from the text of a guest file to its `Reading`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from xenia.guestfile import plain, python
from xenia.guestfile.bindings import Binding, Evaluated, plain_value
from xenia.guestfile.diagnose import diagnose, nearest, other_format
from xenia.guestfile.domain import HELD, read_domain
from xenia.guestfile.given import COMMAND_LINE, Given, types_agree
from xenia.guestfile.keys import KEYS
from xenia.guestfile.overrides import read_overrides
from xenia.guestfile.text import Refused, Source, prepare
from xenia.model.complaint import Complaint, Severity
from xenia.model.reading import Reading

_MOST_COMPLAINTS = 100
_MOST_UNKNOWN = 50
_HELPER = re.compile(r"[A-Z]|_")
"""What names that are not meant for xm begin with (OVM_simple_name)."""

_JOINED = "there is no comma before this text: it and the one before it become one"
_PYTHON = re.compile(r"^\s*(?:import|from|if|for|while|def|print|raise|assert|try)\b.*", re.MULTILINE)


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
    bindings = evaluated.bindings | given_words
    for name, value in others.items():
        bindings.setdefault(name, Binding(value, word=f"{name}={value}"))
    return reading_of(file, bindings, evaluated, complaints)


def reading_of(
    file: str, bindings: Mapping[str, Binding], evaluated: Evaluated, complaints: list[Complaint]
) -> Reading:
    """What `bindings` mean; `complaints` are those that were made on the way to them."""
    given = Given(file, bindings)
    _unknown_keys(given, python=evaluated.python)
    types_agree(given, HELD)
    config = read_domain(given, file)
    complaints = _in_order(_without_consequences([*complaints, *given.complaints]))
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
        return plain.parse(source)
    except plain.NotPlain as not_plain:
        plain_complaint = not_plain.complaint
    if (complaint := other_format(source)) is not None:
        raise Refused(complaint)
    try:
        tree = python.parse(source)
    except SyntaxError as error:
        raise Refused(_syntax_complaint(source, error, plain_complaint)) from None
    try:
        bindings = python.evaluate(source, tree, given)
    except Refused as refused:
        raise Refused(_bare_word(source, refused.complaint)) from None
    return Evaluated(bindings, python=True, complaints=_joined(source, plain_complaint))


def _syntax_complaint(source: Source, error: SyntaxError, plain_complaint: Complaint) -> Complaint:
    """Python's complaint about a file in Python, xl's about any other: each is the more precise of the two there."""
    line, column = error.lineno or 0, error.offset or 0
    if _PYTHON.search(source.text) and line:
        line = min(line, len(source.lines))
        return diagnose(source, line, max(1, min(column, len(source.lines[line - 1]) + 1)), error.msg)
    return diagnose(source, plain_complaint.line, plain_complaint.column, plain_complaint.message)


def _bare_word(source: Source, complaint: Complaint) -> Complaint:
    """What evaluating stopped at may be a misspelt line that happens to be Python: `name = coriolanus`, or a template
    that nobody has filled in, `vcpus = {{ cpus }}`.
    """
    if "is not known here" not in complaint.message and "{{" not in complaint.text:
        return complaint
    found = diagnose(source, complaint.line, complaint.column, complaint.message)
    return found if found.line == complaint.line and found.message != complaint.message else complaint


def _joined(source: Source, plain_complaint: Complaint) -> list[Complaint]:
    """A warning where two texts of a list have no comma between them: Python makes one of them."""
    rest = source.lines[plain_complaint.line - 1][plain_complaint.column - 1 :] if plain_complaint.line else ""
    if not (plain_complaint.message.startswith("',' or ']'") and rest.startswith(("'", '"'))):
        return []
    return [replace(plain_complaint, severity=Severity.WARNING, message=_JOINED, hint="put a comma between the two")]


def _without_consequences(complaints: list[Complaint]) -> list[Complaint]:
    """An error in an item that a missing comma has joined is about the comma."""
    comma = next((each for each in complaints if each.message == _JOINED), None)
    if comma is None:
        return complaints
    item = [
        each for each in complaints if each.severity is Severity.ERROR and comma.line - 1 <= each.line <= comma.line
    ]
    item = [each for each in item if each.text[each.column - 1 : each.column] in ("'", '"')]
    if not item:
        return complaints
    rest = [each for each in complaints if each not in item and each is not comma]
    return [*rest, replace(comma, severity=Severity.ERROR)]


def _unknown_keys(given: Given, *, python: bool) -> None:
    """Warn of names that are no keys. In a Python file those that the file itself reads are its own, and one that is
    not even like a key was meant to be (arch_libdir, of which the only reader was removed).
    """
    unknown = 0
    for name, binding in given.bindings.items():
        if name in KEYS or (python and binding.used) or (binding.word and binding.used):
            continue
        unknown += 1
        if unknown > _MOST_UNKNOWN:
            return
        if _HELPER.match(name) and not binding.word:
            given.complain(Severity.NOTE, name, f"{name} is no key of a guest file: it has no effect", at_key=True)
            continue
        near = nearest(name)
        if python and near is None and not binding.word:
            given.complain(
                Severity.NOTE, name, f"{name} is no key of a guest file, and nothing here reads it", at_key=True
            )
            continue
        hint = f"did you mean {near}?" if near else None
        if binding.word:
            given.warn(name, f"{name} on the {COMMAND_LINE} is no key of a guest file: it has no effect", hint)
            continue
        given.complain(Severity.WARNING, name, f"{name} is no key of a guest file: it has no effect", hint, at_key=True)


def _in_order(complaints: list[Complaint]) -> list[Complaint]:
    """By place; errors are kept when there are too many."""
    ordered = sorted(complaints, key=lambda each: (each.line, each.column))
    if len(ordered) > _MOST_COMPLAINTS:
        ordered = sorted(ordered, key=lambda each: list(Severity).index(each.severity))[:_MOST_COMPLAINTS]
    return ordered
