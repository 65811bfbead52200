"""The errors of Xenia: one base, few kinds.

XeniaError
 ├─ GuestFileError   a guest file cannot be used, with places
 ├─ ResourceError    something that a guest file names cannot be had
 └─ every other error is a XeniaError of some `ErrorKind`

An error says what happened (`message`), what to do next (`hint`) and of which kind it is. It is translated once at
each edge: to an HTTP status and problem JSON by the API, to an exit code and a text on stderr by xm.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from xenia.model.complaint import Complaint


class ErrorKind(StrEnum):
    """What sort of failure; `exit_code` is what xm ends with, `status` what the API answers."""

    INVALID = "invalid"
    """The request or the guest file is wrong: the same request will fail again."""
    NOT_FOUND = "not_found"
    UNAUTHENTICATED = "unauthenticated"
    """Nobody knows who asks."""
    DENIED = "denied"
    CONFLICT = "conflict"
    """The object is in a state in which this is not possible (wrong state, name taken, file busy)."""
    TOO_MANY = "too_many"
    """Asked too often: later it may be possible."""
    TIMED_OUT = "timed_out"
    UNAVAILABLE = "unavailable"
    """Something this needs is not there: the daemon, a program, memory, space."""
    ENGINE_FAILED = "engine_failed"
    """The engine (QEMU, Xen) refused or died."""
    INTERNAL = "internal"
    """A defect of Xenia."""

    @property
    def status(self) -> int:
        """The HTTP status of this kind."""
        return _EDGES[self][0]

    @property
    def exit_code(self) -> int:
        """The exit code of xm for this kind."""
        return _EDGES[self][1]


_EDGES: dict[ErrorKind, tuple[int, int]] = {
    ErrorKind.INVALID: (422, 1),
    ErrorKind.NOT_FOUND: (404, 3),
    ErrorKind.UNAUTHENTICATED: (401, 4),
    ErrorKind.DENIED: (403, 4),
    ErrorKind.CONFLICT: (409, 5),
    ErrorKind.TOO_MANY: (429, 1),
    ErrorKind.TIMED_OUT: (504, 6),
    ErrorKind.UNAVAILABLE: (503, 1),
    ErrorKind.ENGINE_FAILED: (502, 1),
    ErrorKind.INTERNAL: (500, 1),
}

EXIT_INTERRUPTED = 130


class XeniaError(Exception):
    """What went wrong, in words for an administrator.

    `message` says what happened and why, without a full stop at the end; `hint` is the next thing to do (a command
    where there is one).
    """

    def __init__(self, message: str, *, kind: ErrorKind, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.hint = hint

    def problem(self) -> dict[str, Any]:
        """This error as a JSON object (RFC 9457 members `title`, `status`, `detail`, and our own `kind`, `hint`,
        `exit_code`).
        """
        return {
            "title": self.kind.value.replace("_", " "),
            "status": self.kind.status,
            "detail": self.message,
            "kind": self.kind.value,
            "hint": self.hint,
            "exit_code": self.kind.exit_code,
        }


class GuestFileError(XeniaError):
    """A guest file cannot be used (or what it names is missing, busy, denied: then `kind` says so); `complaints` say
    where and why.
    """

    def __init__(
        self,
        message: str,
        complaints: tuple[Complaint, ...],
        *,
        kind: ErrorKind = ErrorKind.INVALID,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, kind=kind, hint=hint)
        self.complaints = complaints

    def problem(self) -> dict[str, Any]:
        return super().problem() | {"complaints": [complaint.to_json() for complaint in self.complaints]}


class ResourceError(XeniaError):
    """Something that the guest file names cannot be had; `key` is where it is named (`kernel`, `disk[1]`)."""

    def __init__(self, key: str, cause: XeniaError) -> None:
        super().__init__(cause.message, kind=cause.kind, hint=cause.hint)
        self.key = key


def invalid(message: str, hint: str | None = None) -> XeniaError:
    return XeniaError(message, kind=ErrorKind.INVALID, hint=hint)


def not_found(message: str, hint: str | None = None) -> XeniaError:
    return XeniaError(message, kind=ErrorKind.NOT_FOUND, hint=hint)


def unauthenticated(message: str, hint: str | None = None) -> XeniaError:
    return XeniaError(message, kind=ErrorKind.UNAUTHENTICATED, hint=hint)


def denied(message: str, hint: str | None = None) -> XeniaError:
    return XeniaError(message, kind=ErrorKind.DENIED, hint=hint)


def conflict(message: str, hint: str | None = None) -> XeniaError:
    return XeniaError(message, kind=ErrorKind.CONFLICT, hint=hint)


def too_many(message: str, hint: str | None = None) -> XeniaError:
    return XeniaError(message, kind=ErrorKind.TOO_MANY, hint=hint)


def timed_out(message: str, hint: str | None = None) -> XeniaError:
    return XeniaError(message, kind=ErrorKind.TIMED_OUT, hint=hint)


def unavailable(message: str, hint: str | None = None) -> XeniaError:
    return XeniaError(message, kind=ErrorKind.UNAVAILABLE, hint=hint)


def engine_failed(message: str, hint: str | None = None) -> XeniaError:
    return XeniaError(message, kind=ErrorKind.ENGINE_FAILED, hint=hint)
