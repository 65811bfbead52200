"""Remarks on a configuration, each about one key (`memory`) or item (`disk[0]`) of the guest file; "" for none."""

from __future__ import annotations

from xenia.model.complaint import Complaint, Severity


def note(key: str, message: str, hint: str | None = None) -> Complaint:
    """Translated, or without effect here."""
    return Complaint(Severity.NOTE, message, hint=hint, key=key)


def warning(key: str, message: str, hint: str | None = None) -> Complaint:
    """Probably not what its author thinks."""
    return Complaint(Severity.WARNING, message, hint=hint, key=key)


def error(key: str, message: str, hint: str | None = None) -> Complaint:
    """A start would be refused."""
    return Complaint(Severity.ERROR, message, hint=hint, key=key)
