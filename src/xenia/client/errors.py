"""What a client can meet, with the exit code xm ends with.

The words and codes are those of xenia.model.errors, which is not imported here: it would cost every xm some ten
milliseconds. A test holds them together.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

EXIT_USAGE = 2
EXIT_NOT_FOUND = 3
EXIT_INTERRUPTED = 130

EXIT_CODES = {
    "invalid": 1,
    "unavailable": 1,
    "engine_failed": 1,
    "internal": 1,
    "too_many": 1,
    "usage": EXIT_USAGE,
    "not_found": EXIT_NOT_FOUND,
    "unauthenticated": 4,
    "denied": 4,
    "conflict": 5,
    "timed_out": 6,
    "unreachable": 7,
    "interrupted": EXIT_INTERRUPTED,
}
"""By kind of failure: those of the API, and three that only a client meets (usage, unreachable, interrupted)."""


class ClientError(Exception):
    """What went wrong, in words for an administrator: `message` what and why, `hint` the next thing to do.

    `complaints` are remarks about places of a guest file, as xend's problem objects hold them.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "invalid",
        hint: str | None = None,
        exit_code: int | None = None,
        complaints: Sequence[dict[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.hint = hint
        self.exit_code = EXIT_CODES.get(kind, 1) if exit_code is None else exit_code
        self.complaints = tuple(complaints)

    @classmethod
    def from_problem(cls, problem: Any, fallback: str) -> ClientError:
        """The error that a problem object of the API stands for; `fallback` is the message where it has none."""
        members: dict[str, Any] = problem if isinstance(problem, dict) else {}
        complaints = members.get("complaints")
        exit_code = members.get("exit_code")
        return cls(
            str(members.get("detail") or members.get("title") or fallback),
            kind=str(members.get("kind", "internal")),
            hint=members["hint"] if isinstance(members.get("hint"), str) else None,
            exit_code=exit_code if isinstance(exit_code, int) else None,
            complaints=[each for each in complaints if isinstance(each, dict)] if isinstance(complaints, list) else (),
        )

    def to_json(self) -> dict[str, Any]:
        """This error as a problem object, in the form of the API's."""
        problem = {
            "title": self.kind.replace("_", " "),
            "detail": self.message,
            "kind": self.kind,
            "hint": self.hint,
            "exit_code": self.exit_code,
        }
        return problem | {"complaints": list(self.complaints)} if self.complaints else problem


def usage(message: str, hint: str | None = None) -> ClientError:
    """The error for a command line that cannot be understood."""
    return ClientError(message, kind="usage", hint=hint)


def not_found(message: str, hint: str | None = None) -> ClientError:
    return ClientError(message, kind="not_found", hint=hint)
