"""What is said about one place of a guest file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    ERROR = "error"
    """The file cannot be used."""
    WARNING = "warning"
    """The file is used, but probably does not mean what its author thinks."""
    NOTE = "note"
    """The file is used; something in it was translated for the engine at hand or has no effect here."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One remark. `line` and `column` count from 1; 0 where the remark is about no single place (a missing key, a
    command-line override).

    `text` is the line of the file as it stands there, without its line end; it is empty where the reader may not see
    it.
    """

    severity: Severity
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    text: str = ""
    hint: str | None = None
    key: str = ""
    """The key (`memory`) or item (`disk[0]`) of the guest file that this is about, where it is about one."""

    @property
    def place(self) -> str:
        """`file:line:column`, or as much of it as is known."""
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"

    def to_json(self) -> dict[str, Any]:
        return {
            "severity": self.severity.value,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "text": self.text,
            "hint": self.hint,
            "key": self.key,
        }
