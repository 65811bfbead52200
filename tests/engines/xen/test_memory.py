"""Whether a guest fits, and what Domain-0 gives up for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from xenia.engines.xen import memory
from xenia.engines.xen.memory import make_room, needed
from xenia.engines.xen.settings import XenSettings
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ErrorKind, XeniaError

GUEST = DomainConfig("guest", Kind.PV, memory=500)
BALLOONING = {"dom0_ballooning": True, "dom0_min_mem": 512}


@dataclass
class Host:
    """Both the hypervisor and xl. Domain-0 gives memory back a bit at a time when told to, or `stubborn` keeps it."""

    free: int
    own: int = 1000
    scrubbing: int = 0
    stubborn: bool = False
    said: list[tuple[str, ...]] = field(default_factory=list)
    _target: int | None = None

    async def host(self) -> dict[str, Any]:
        if self._target is not None and self.own > self._target and not self.stubborn:
            step = min(20, self.own - self._target)
            self.own, self.free = self.own - step, self.free + step
        return {"free_memory": self.free * 1024, "scrub_memory": self.scrubbing * 1024}

    async def domains(self) -> list[Any]:
        return [SimpleNamespace(domid=0, mem_kb=self.own * 1024), SimpleNamespace(domid=1, mem_kb=0)]

    async def run(self, *words: str, seconds: float = 1) -> str:
        self.said.append(words)
        self._target = int(words[-1].removesuffix("m"))
        return ""

    async def make_room(self, config: DomainConfig = GUEST, **settings: Any) -> None:
        await make_room(config, XenSettings(Path("/run"), **settings), self, self)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_LOOK_AGAIN", 0.0)


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        (GUEST, 503),
        (replace(GUEST, max_memory=2048, vcpus=4), 503),
        (replace(GUEST, kind=Kind.HVM, vcpus=2, memory=1024), 1024 + 2 + 8 + 3),
        (replace(GUEST, kind=Kind.PVH, memory=512, max_memory=2048), 512 + 1 + 16 + 3),
    ],
)
def test_a_guest_takes_its_memory_and_what_xen_needs_for_it(config: DomainConfig, wanted: int) -> None:
    assert needed(config) == wanted


@pytest.mark.parametrize("host", [Host(503), Host(300, scrubbing=203)])
async def test_where_enough_is_free_nothing_is_done(host: Host) -> None:
    await host.make_room(**BALLOONING)
    assert host.said == []


async def test_too_little_is_told_with_the_numbers() -> None:
    host = Host(502)
    with pytest.raises(XeniaError) as caught:
        await host.make_room()
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert caught.value.message == (
        "domain 'guest' needs 503 MiB of the host's memory (its own 500, the rest for Xen), and 502 MiB are free"
    )
    assert "488 of its 1000 MiB" in (caught.value.hint or "")
    assert "dom0_ballooning = true" in (caught.value.hint or "")
    assert host.said == []


async def test_domain_0_keeps_its_minimum() -> None:
    host = Host(14)  # 489 are missing, and 488 can be spared
    with pytest.raises(XeniaError, match="14 MiB are free") as caught:
        await host.make_room(**BALLOONING)
    assert "Domain-0 has 1000 MiB and keeps 512" in (caught.value.hint or "")
    assert host.said == []


async def test_domain_0_gives_up_just_what_is_missing() -> None:
    host = Host(15)
    await host.make_room(**BALLOONING)
    assert host.said == [("mem-set", "0", "512m")]
    assert (host.free, host.own) == (503, 512)


async def test_a_domain_0_that_does_not_give_it_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_BALLOON_SECONDS", 0.05)
    host = Host(403, stubborn=True)
    with pytest.raises(XeniaError, match="403 MiB are free"):
        await host.make_room(**BALLOONING)
    assert host.said == [("mem-set", "0", "900m")]
