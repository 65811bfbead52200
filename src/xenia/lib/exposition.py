"""Figures in Prometheus' text format (prometheus.io, Exposition formats, version 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Kind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one name, told apart by what their `labels` say. The name of a counter ends in `_total`."""

    name: str
    kind: Kind
    meaning: str
    labels: Sequence[str] = ()
    figures: list[tuple[Sequence[str], float]] = field(default_factory=list)

    def add(self, value: float, *words: str) -> None:
        """`words` are those of the labels, in their order."""
        self.figures.append((words, value))


def written(families: Iterable[Family]) -> str:
    """The text. A family without figures is left out."""
    return "".join(_written(family) for family in families if family.figures)


def _written(family: Family) -> str:
    head = f"# HELP {family.name} {family.meaning}\n# TYPE {family.name} {family.kind}\n"
    return head + "".join(f"{family.name}{_labels(family.labels, words)} {value}\n" for words, value in family.figures)


def _labels(names: Sequence[str], words: Sequence[str]) -> str:
    if not names:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(word)}"' for name, word in zip(names, words, strict=True)) + "}"


def _escaped(word: str) -> str:
    return word.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
