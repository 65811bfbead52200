"""What starts with the host."""

from __future__ import annotations

from dataclasses import dataclass, field

from xenia.model.start_order import LAST, Place, StartOrder


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of etc/xen/auto: `link` is its path, `file` the guest file that it leads to, `domain` what that defines,
    or the name of the entry where it defines nothing; then, and where it is not started for another reason, `problem`
    says why. `number` is its place in the order.
    """

    link: str
    file: str
    domain: str
    number: int = LAST
    order: StartOrder = field(default_factory=StartOrder)
    problem: str = ""

    @property
    def place(self) -> Place:
        return Place(self.domain, self.number, self.order.after)


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of the link of a domain: `link` is its path, "" where there is none now."""

    domain: str
    file: str
    link: str
    changed: bool
