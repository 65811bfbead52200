"""Manual pages as text in the macros of man(7), which groff and mandoc both read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def escaped(text: str) -> str:
    """`text` so that no letter of it is an instruction."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    plain = plain.replace("^", "\\(ha").replace("~", "\\(ti")
    return f"\\&{plain}" if plain.startswith(".") else plain


class Page:
    """One page, written from top to bottom. `date` is that of the page, as 2026-11-27."""

    def __init__(self, name: str, section: int, summary: str, date: str) -> None:
        self._lines = [
            f".TH {name.upper()} {section} {date} Xenia",
            ".SH NAME",
            f"{escaped(name)} \\- {escaped(summary)}",
        ]

    def heading(self, title: str) -> None:
        self._lines.append(f'.SH "{escaped(title.upper())}"')

    def part(self, title: str) -> None:
        self._lines.append(f'.SS "{escaped(title)}"')

    def text(self, text: str) -> None:
        """Paragraphs with an empty line between them; lines that begin with a blank stay lines."""
        for paragraph in text.strip("\n").split("\n\n"):
            self._begin_paragraph()
            self._paragraph(paragraph.split("\n"))

    def _begin_paragraph(self) -> None:
        if not self._lines[-1].startswith((".SH", ".SS")):
            self._lines.append(".PP")

    def _paragraph(self, lines: Sequence[str]) -> None:
        kept = False
        for line in lines:
            if line.startswith(" ") is not kept:
                kept = not kept
                self._lines.append(".nf" if kept else ".fi")
            self._lines.append(escaped(line))
        if kept:
            self._lines.append(".fi")

    def terms(self, terms: Iterable[tuple[str, str]]) -> None:
        """Words in bold, each with what it means."""
        for term, meaning in terms:
            self._lines += [".TP", f"\\fB{escaped(term)}\\fR", escaped(meaning) if meaning else "\\&"]

    def literal(self, text: str) -> None:
        self._begin_paragraph()
        self._lines += [".nf", *map(escaped, text.split("\n")), ".fi"]

    def __str__(self) -> str:
        return "\n".join([*self._lines, ""])
