"""Checks beyond the language: engine, host, other domains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.world import HOST, ROOT, World

from xenia.engines.qemu.engine import QemuEngine
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.simulated.engine import SimulatedEngine
from xenia.engines.simulated.host import SimulatedHost
from xenia.engines.xen.engine import XenEngine
from xenia.engines.xen.settings import XenSettings
from xenia.guestfile.read import read
from xenia.manager.check.checker import Checker
from xenia.manager.check.neighbours import Neighbours
from xenia.manager.definitions import Definitions
from xenia.manager.prepare import Findings
from xenia.manager.snapshots.current import CurrentDisks
from xenia.manager.table import Entry, Table
from xenia.model.check import CheckRequest
from xenia.model.complaint import Severity
from xenia.model.domain import Definition, DomainConfig, DomainRecord, Kind, Started, State
from xenia.model.errors import GuestFileError, ResourceError, XeniaError, invalid, not_found
from xenia.model.reading import Reading
from xenia.model.request import CreateRequest
from xenia.store.folder import GuestFolder
from xenia.store.records import Records
from xenia.store.snapshots import SnapshotTrees

WEB = """\
name = 'web'
kernel = '/boot/vmlinuz'
memory = 512
disk = ['file:/var/lib/xen/web.img,xvda,w']
vif = ['mac=00:16:3e:00:00:01']
uuid = '00000000-0000-4000-8000-000000000001'
"""


async def reads(text: str, file: str, overrides: tuple[str, ...]) -> Reading:
    if text == "endless":
        raise invalid("it takes too long", "look at its loops")
    return read(text, file=file, overrides=overrides)


class Preparer:
    """What a look at the host finds is said by the test."""

    def __init__(self) -> None:
        self.found = Findings()

    async def look(self, config: DomainConfig, file: str, *, trusted: bool) -> Findings:
        return self.found


def unnoticed(name: str, content: bytes | None) -> None:
    """Nobody keeps versions here."""


class Desk:
    """A checker around a folder of guest files, records and a table."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.table = Table()
        self.records = Records(world.boot()._parts.lifecycle.records._files)
        self.preparer = Preparer()
        engine = SimulatedEngine(SimulatedHost())
        others = (
            XenEngine(XenSettings(folder)),
            QemuEngine(QemuSettings(folder, folder, folder / "cache")),
        )
        engines = {each.name: each for each in (engine, *others)}
        neighbours = Neighbours(Definitions(GuestFolder(folder), reads, unnoticed), self.records, self.table)
        current = CurrentDisks(SnapshotTrees(self.records._files), self.records)
        self.checker = Checker(engine, engines, reads, self.preparer, neighbours, lambda: HOST, current)

    async def said(self, text: str = WEB, file: str = "", **wishes: object) -> list[str]:
        checked = await self.checker.check(CheckRequest(text, file, **wishes), ROOT)
        return [f"{each.line}: {each.severity}: {each.message}" for each in checked.complaints]


@pytest.fixture
def desk(tmp_path: Path, world: World) -> Desk:
    return Desk(tmp_path, world)


def other(**texts: str) -> str:
    """WEB under another name, with some of its texts replaced."""
    text = WEB.replace("'web'", "'mail'")
    for old, new in texts.items():
        text = "\n".join(line for line in text.splitlines() if not line.startswith(old)) + f"\n{new}\n"
    return text


async def test_a_file_that_is_alone_and_fits_has_no_remarks(desk: Desk) -> None:
    assert await desk.said() == []


async def test_more_than_the_host_has_is_warned_of(desk: Desk) -> None:
    assert await desk.said(WEB.replace("512", "20000") + "vcpus = 5\n") == [
        "3: warning: memory = 20000 MiB is more than this host has (16384 MiB)",
        "7: warning: vcpus = 5 is more than the CPUs of this host (4)",
    ]


async def test_what_the_host_lacks_is_an_error_where_it_stands(desk: Desk) -> None:
    desk.preparer.found = Findings([ResourceError("disk[0]", not_found("no such image"))], [("vif[0]", "user mode")])
    assert await desk.said() == ["4: error: no such image", "5: note: user mode"]


async def test_without_the_host_only_the_file_counts(desk: Desk) -> None:
    desk.preparer.found = Findings([ResourceError("disk[0]", not_found("no such image"))])
    assert await desk.said(WEB.replace("512", "20000"), host=False) == []


async def test_two_files_of_one_name_are_noted_and_share_what_they_like(desk: Desk) -> None:
    (desk.folder / "web.cfg").write_text(WEB)
    (desk.folder / "web-install.cfg").write_text(WEB)
    (note,) = await desk.said(file=str(desk.folder / "web.cfg"))
    assert note == (
        f"1: note: the name 'web' is that of {desk.folder}/web-install.cfg too: both define one domain, which runs once"
    )


async def test_what_another_file_has_too_is_said_at_the_item(desk: Desk) -> None:
    (desk.folder / "mail.cfg").write_text(other())
    path = desk.folder / "mail.cfg"
    assert await desk.said() == [
        f"4: note: /var/lib/xen/web.img is a disk of {path} too: only one of the two can run",
        f"5: warning: the address 00:16:3e:00:00:01 is that of a card of {path} too",
        f"6: warning: the UUID 00000000-0000-4000-8000-000000000001 is that of {path} too, whose name is 'mail'",
    ]


async def test_a_file_that_changes_is_seen_as_it_is_now(desk: Desk) -> None:
    (desk.folder / "mail.cfg").write_text(other())
    assert len(await desk.said()) == 3
    (desk.folder / "mail.cfg").write_text(other(vif="vif = ['']", uuid="", disk="disk = []"))
    assert await desk.said() == []


async def test_an_address_made_for_another_domain_and_kept_is_taken(desk: Desk) -> None:
    await desk.records.save(DomainRecord("1", "mail", macs=("00:16:3e:00:00:01",)))
    assert await desk.said() == ["5: warning: the address 00:16:3e:00:00:01 is that of a card of domain 'mail' too"]


async def test_the_record_of_a_domain_that_was_renamed_is_its_own(desk: Desk) -> None:
    uuid = "00000000-0000-4000-8000-000000000001"
    await desk.records.save(DomainRecord(uuid, "old-name", macs=("00:16:3e:00:00:01",)))
    assert await desk.said() == []


async def test_what_a_running_domain_has_is_taken(desk: Desk) -> None:
    config = DomainConfig("mail")
    started = Started("2", 7, config, Definition(), ("00:16:3e:00:00:01",), "simulated", 0.0)
    desk.table.add(Entry(started, State.RUNNING))
    (warning,) = await desk.said()
    assert warning == "5: warning: the address 00:16:3e:00:00:01 is that of a card of domain 'mail' (id 7) too"


async def test_the_language_and_the_engine_speak_in_the_order_of_the_file(desk: Desk) -> None:
    text = WEB + "hap = 1\nmemroy = 3\nserial = 'tcp:1'\n"
    said = await desk.said(text, engine="xen")
    assert [line.partition(":")[0] for line in said] == ["7", "8", "9"]
    assert "memroy is no key" in said[1]


@pytest.mark.parametrize("engine", ["xen", "qemu"])
async def test_another_engine_is_asked_without_the_host_and_says_what_it_assumed(desk: Desk, engine: str) -> None:
    desk.preparer.found = Findings([ResourceError("disk[0]", not_found("no such image"))])
    checked = await desk.checker.check(CheckRequest(WEB, engine=engine), ROOT)
    assert checked.engine == engine
    assert checked.assumed
    assert "00:16:3e:00:00:01" in checked.rendered
    assert not [each for each in checked.complaints if each.severity is Severity.ERROR]


async def test_keys_without_effect_say_why_on_each_engine(desk: Desk) -> None:
    text = WEB + "ioports = ['2f8-2ff']\n"
    assert await desk.said(text, engine="xen") == [
        "7: note: ioports has no effect on Xen: devices of the host are not handed out by guest files yet"
    ]
    said = await desk.said(text, engine="qemu")
    assert "7: note: ioports has no effect on QEMU: this device is not offered on QEMU yet" in said


async def test_an_unknown_engine_is_not_found(desk: Desk) -> None:
    with pytest.raises(XeniaError, match="no engine 'vmware'") as raised:
        await desk.checker.check(CheckRequest(WEB, engine="vmware"), ROOT)
    assert "xen, qemu" in (raised.value.hint or "")


async def test_a_file_without_meaning_is_answered_with_its_complaints(desk: Desk) -> None:
    checked = await desk.checker.check(CheckRequest("memory = 'lots'\n", "/x.cfg"), ROOT)
    assert checked.config is None
    assert [each.key for each in checked.complaints if each.severity is Severity.ERROR] == ["kernel", "memory"]


async def test_a_file_that_cannot_be_read_within_bounds_is_one_complaint(desk: Desk) -> None:
    assert await desk.said("endless", "/x.cfg") == ["0: error: it takes too long"]


async def test_the_plan_of_create_knows_all_of_it(desk: Desk) -> None:
    (desk.folder / "mail.cfg").write_text(other())
    desk.preparer.found = Findings([ResourceError("disk[0]", not_found("no such image"))])
    plan = await desk.checker.plan(CreateRequest(WEB), ROOT)
    messages = [each.message for each in plan.complaints]
    assert "create would be refused: no such image" in messages
    assert any("is that of a card of" in message for message in messages)
    assert not [each for each in plan.complaints if each.severity is Severity.ERROR]
    with pytest.raises(GuestFileError):
        await desk.checker.plan(CreateRequest("memory = 'lots'"), ROOT)


async def test_a_figure_that_the_engine_refuses_is_told_once(desk: Desk) -> None:
    xen = desk.checker.engines["xen"]
    xen.facts = replace(xen.facts, version="4.17.5", total_memory=16384)
    checker = replace(desk.checker, engine=xen)
    checked = await checker.check(CheckRequest(WEB.replace("512", "20000")), ROOT)
    assert [each.message for each in checked.complaints if each.key == "memory"] == [
        "this host has 16384 MiB of memory in all, not 20000"
    ]
    assert checked.config is not None
    assert checked.config.kind is Kind.PV
