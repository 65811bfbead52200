"""Why we may say something else than another reader: rules, each for all files that show what it names."""

from __future__ import annotations

import ast
import os
import re
from typing import Protocol

from tests.agreement.fact import Fact, Verdict
from tests.agreement.items import DISK, DISK_LIVE
from tests.agreement.libvirt import LIBVIRT
from tests.agreement.values import PYTHON, READ, REFUSED, XL, XL_LIVE

from xenia.guestfile import plain
from xenia.guestfile.read import read
from xenia.guestfile.text import Refused, prepare


class Rule(Protocol):
    sentence: str

    def explains(self, fact: Fact) -> bool: ...


class XlGrammar:
    sentence = "Python refuses the file, which is in xl's grammar (indented lines, numbers with a leading 0)."

    def explains(self, fact: Fact) -> bool:
        if not (fact.comparison == PYTHON and fact.theirs == REFUSED and fact.ours == READ):
            return False
        try:
            plain.parse(prepare(fact.text, fact.file)[0])
        except Refused:
            return False
        return True


class BothGrammars:
    sentence = "xl adds the letters of numbers (1 += 2 is 12); the file is Python as well, and xm added the numbers."

    def explains(self, fact: Fact) -> bool:
        if fact.comparison not in (XL, XL_LIVE):
            return False
        try:
            plain.parse(prepare(fact.text, fact.file)[0])
        except Refused as refused:
            return "+=" in refused.complaint.message
        return False


class OldDivision:
    sentence = "Whole numbers divide to a whole number, as in the Python of xm; today's Python gives a fraction."

    def explains(self, fact: Fact) -> bool:
        return (
            fact.comparison == PYTHON
            and isinstance(fact.theirs, float)
            and isinstance(fact.ours, int)
            and _uses(fact.text, ast.Div)
        )


class NotRun:
    sentence = (
        "The file wants to run a program, to look at the host or to import more than the few modules that are there."
    )

    def explains(self, fact: Fact) -> bool:
        if not (fact.comparison == PYTHON and fact.theirs == READ and fact.ours != READ):
            return False
        return any("is not allowed" in each.message for each in read(fact.text, file=fact.file).complaints)


class Host:
    sentence = "The value comes from the host (os.uname), and was recorded on another one."

    def explains(self, fact: Fact) -> bool:
        return (
            fact.comparison == PYTHON
            and re.search(r"\buname\s*\(", fact.text) is not None
            and any(part in str(fact.ours) for part in os.uname())
        )


class NullsInLists:
    sentence = "Lists in lists were recorded as null; the comparison with the library itself shows them."

    def explains(self, fact: Fact) -> bool:
        return fact.comparison == XL and isinstance(fact.theirs, list) and None in fact.theirs


class NumberedLetters:
    sentence = r"xl 4.17 drops letters that are written by their number ('\101'), which both dialects document."

    def explains(self, fact: Fact) -> bool:
        return fact.comparison in (XL, XL_LIVE) and re.search(r"\\[0-9]", fact.text) is not None


class OneSlash:
    sentence = "Slashes at the start of a path (file:///x) are one slash, as they are for the host; xl keeps them."

    def explains(self, fact: Fact) -> bool:
        return (
            fact.comparison in (DISK, DISK_LIVE)
            and fact.name == "path"
            and str(fact.theirs).startswith("//")
            and fact.ours == "/" + str(fact.theirs).lstrip("/")
        )


class DevTarget:
    sentence = "A target is kept without /dev/, a number in small letters: /dev/xvda1 is xvda1, and 0xCA00 is 0xca00."

    def explains(self, fact: Fact) -> bool:
        if not (fact.comparison in (DISK, DISK_LIVE) and fact.name == "vdev"):
            return False
        theirs = str(fact.theirs)
        return theirs.removeprefix("/dev/") == fact.ours or (theirs[:2] == "0x" and theirs.lower() == fact.ours)


class EmptyPath:
    sentence = "The format empty means that there is no medium: the path that xl keeps beside it is not used."

    def explains(self, fact: Fact) -> bool:
        return fact.comparison in (DISK, DISK_LIVE) and fact.name == "path" and "empty" in fact.text and fact.ours == ""


class XmDisk:
    sentence = (
        "xl refuses the item, which xm took: shared disks (w!), the format vmdk, blanks, no format, a driver domain."
    )

    def explains(self, fact: Fact) -> bool:
        if not (fact.comparison in (DISK, DISK_LIVE) and fact.theirs == REFUSED and fact.ours == READ):
            return False
        words = fact.text.split(",")
        return 2 <= len(words) <= 4 and not any("=" in word for word in words[1:])


class RefusedLater:
    sentence = (
        "xl's parser of items lets it through, and the rest of xl refuses it: no such target, or nothing behind it."
    )

    def explains(self, fact: Fact) -> bool:
        if not (fact.comparison in (DISK, DISK_LIVE) and fact.theirs == READ and fact.ours == REFUSED):
            return False
        complaints = read(f"name='x'; kernel='/k'; disk=[{fact.text!r}]", file="x").complaints
        return any(
            re.search(r"is no target of a disk|has no source|has no target", each.message) for each in complaints
        )


class LibvirtRate:
    sentence = "A KB/s of a card is 1000 bytes, as for xl; libvirt counts 1024."

    def explains(self, fact: Fact) -> bool:
        if not (fact.comparison == LIBVIRT and fact.name.endswith(".rate_kib_per_s")):
            return False
        numbers = isinstance(fact.ours, int) and isinstance(fact.theirs, int)
        return numbers and 0 < fact.ours < fact.theirs <= fact.ours * 1024**3 // 1000**3 + 1


RULES: tuple[Rule, ...] = (
    XlGrammar(),
    BothGrammars(),
    OldDivision(),
    NotRun(),
    Host(),
    NullsInLists(),
    NumberedLetters(),
    OneSlash(),
    DevTarget(),
    EmptyPath(),
    XmDisk(),
    RefusedLater(),
    LibvirtRate(),
)


def judge(fact: Fact) -> tuple[Verdict, Rule | None]:
    """Whether the two agree, and by which rule it is right that they do not."""
    if fact.agreed:
        return Verdict.AGREED, None
    for rule in RULES:
        if rule.explains(fact):
            return Verdict.EXPLAINED, rule
    return Verdict.WRONG, None


def _uses(text: str, kind: type[ast.AST]) -> bool:
    try:
        return any(isinstance(node, kind) for node in ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
