"""Nothing is left of a domain that was ended: no process, no entry in xenstore."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.xenstored import Xenstored

from xenia.engines.xen import ends
from xenia.engines.xen.ends import destroy, end_xl_of
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.errors import XeniaError, engine_failed

DEVICES = {"vbd": "51712", "vif": "0", "qdisk": "51728", "console": "0", "vfb": "0"}
VM = "/vm/0b17a0c4-2ea1-44a9-a3e5-a1f0a1d4a3d8"


@dataclass
class Host:
    """The hypervisor and xl: domain 5 takes a few looks to be gone, once xl was told to end it."""

    looks: int = 2
    refuses: bool = False
    running: bool = True
    said: list[tuple[str, ...]] = field(default_factory=list)

    async def run(self, *words: str) -> str:
        self.said.append(words)
        if self.refuses or not self.running:
            raise engine_failed("xl destroy failed: 5 is an invalid domain identifier")
        self.running = False
        return ""

    async def domains(self) -> list[Any]:
        if not self.running:
            self.looks -= 1
        there = [SimpleNamespace(domid=0, dying=0), SimpleNamespace(domid=6, dying=0)]
        return [*there, SimpleNamespace(domid=5, dying=not self.running)] if self.running or self.looks > 0 else there

    async def destroy(self, store: Xenstore) -> None:
        await destroy(5, self, store, self)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends, "_LOOK_AGAIN", 0.001)


async def domain(store: Xenstore, domid: int, vm: str) -> None:
    """The entries of a domain as an xl that was killed leaves them."""
    for kind, device in DEVICES.items():
        await store.write(f"/local/domain/0/backend/{kind}/{domid}/{device}/state", "4")
    await store.write(f"/local/domain/{domid}/vm", vm)
    await store.write(f"/libxl/{domid}/type", "pv")
    await store.write(f"/local/domain/0/device-model/{domid}/state", "running")
    await store.write(f"{vm}/name", "guest")


async def test_all_entries_of_a_domain_go_and_no_others(store: Xenstore, xenstored: Xenstored) -> None:
    await domain(store, 6, "/vm/other")
    expected = xenstored.tool("xenstore-ls", "-f")
    await domain(store, 5, VM)
    host = Host()
    await host.destroy(store)
    assert host.said == [("destroy", "5")]
    assert xenstored.tool("xenstore-ls", "-f") == expected


async def test_what_else_a_domain_calls_its_vm_stays(store: Xenstore) -> None:
    await store.write("/local/domain/5/vm", "/tool")
    await Host().destroy(store)
    assert await store.read("/tool/xenstored") == ""


async def test_one_that_has_gone_by_itself_is_swept(store: Xenstore) -> None:
    await domain(store, 5, VM)
    await Host(running=False, looks=0).destroy(store)
    assert await store.directory("/libxl") == []


async def test_one_that_cannot_be_ended_is_an_error_and_keeps_its_entries(store: Xenstore) -> None:
    await domain(store, 5, VM)
    with pytest.raises(XeniaError, match="xl destroy failed"):
        await Host(refuses=True).destroy(store)
    assert await store.read("/libxl/5/type") == "pv"


async def test_one_whose_memory_a_driver_keeps_is_not_waited_for_for_ever(
    store: Xenstore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends, "_GONE_SECONDS", 0.02)
    await domain(store, 5, VM)
    await Host(looks=10**6).destroy(store)
    assert "a driver has not given it back" in caplog.text
    assert await store.directory("/libxl") == []


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a process that is called by these words, and one below it; both end with the test."""
    (tmp_path / "create").write_text("exec 3<&0; cat <&3 & echo $!; wait\n")
    with ExitStack() as running:

        def call(*words: str, own_session: bool = True) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                words,
                executable="/bin/sh",
                cwd=tmp_path,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=own_session,
            )
            return running.enter_context(process)

        yield call


def child_of(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def gone(pid: int) -> bool:
    """Or a zombie that init has not looked at."""
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_an_xl_that_starts_one_of_these_is_ended_with_what_it_has_started(start: Start, tmp_path: Path) -> None:
    meant = start("xl", "create", "-e", "-p", str(tmp_path / "a.cfg"))
    other = start("xl", "create", "-e", "-p", str(tmp_path / "b.cfg"))
    child, others_child = child_of(meant), child_of(other)
    end_xl_of([tmp_path / "a.cfg", tmp_path / "none.cfg"])
    assert meant.wait(5) == -signal.SIGKILL
    while not gone(child):
        pass
    assert other.poll() is None
    assert not gone(others_child)


async def test_a_device_model_ends_with_its_domain(store: Xenstore, start: Start) -> None:
    meant = start("qemu", "create", "-xen-domid", "5", "-name", "guest")
    others = [start("qemu", "create", *words) for words in (["-xen-domid", "50"], ["-name", "5"], ["-xen-domid"])]
    for process in (meant, *others):
        child_of(process)
    await Host().destroy(store)
    assert meant.wait(5) == -signal.SIGKILL
    assert [each.poll() for each in others] == [None] * 3


async def test_one_in_the_group_of_another_is_ended_alone(store: Xenstore, start: Start) -> None:
    meant = start("qemu", "create", "-xen-domid", "5", own_session=False)
    child_of(meant)
    await Host().destroy(store)
    assert meant.wait(5) == -signal.SIGKILL
