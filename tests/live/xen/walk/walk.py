"""One guest that goes through the verbs, and what is found out about its kind."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.live.xen.walk.kinds import FILES
from tests.live.xenlab import guests
from tests.live.xenlab.console import talk
from tests.live.xenlab.host import XenHost


@dataclass
class Walk:
    """The guest is called as its kind is. Only what is stated by `found` is in the table of the docs."""

    host: XenHost
    kind: str
    table: dict[str, str] = field(default_factory=dict)
    """What is true of each verb."""

    def __post_init__(self) -> None:
        self.host.put(f"/etc/xen/{self.kind}.cfg", FILES[self.kind].encode())

    def found(self, verb: str, word: str = "yes") -> None:
        self.table[verb] = word

    def xm(self, *words: str, timeout: float = 90) -> str:
        said = self.host.xm(*words, timeout=timeout)
        assert said.code == 0, (words, said)
        return said.out

    @property
    def id(self) -> int:
        """As Xen itself has it."""
        return int(self.host.ok("xl", "domid", self.kind))

    @property
    def is_linux(self) -> bool:
        """A boot sector otherwise."""
        return self.kind != "hvm"

    def is_up(self, times: int = 1) -> None:
        """A boot sector is there at once."""
        if self.is_linux:
            self.host.hears(self.kind, guests.marker(self.kind), times=times)

    def types(self, line: str, awaited: str, program: str = "xm") -> str:
        """What is shown then. What is typed is echoed: what is awaited must not match it as it is typed."""
        return talk(self.host, program, "console", self.kind, typed=line, awaited=awaited)
