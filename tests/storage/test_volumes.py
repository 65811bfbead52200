"""Volumes of LVM: what they are called, what LVM reports of them, what it is told, and what is refused before. What
LVM does then is seen by tests/live/test_volumes.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from xenia.lib.aio import Tasks
from xenia.lib.program import Ended
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.volume import ThinPool, VolumeKind
from xenia.storage.volumes import lvm as lvm_module
from xenia.storage.volumes.lvm import Lvm
from xenia.storage.volumes.names import VolumeName, of_mapped, of_path, pool_in, why_unusable
from xenia.storage.volumes.report import Row, read_groups, read_volumes, rows
from xenia.storage.volumes.volumes import AboutVolume, Volumes, notes_on

DATA = Path(__file__).parents[1] / "data/lvm"
MIB = 1 << 20
WEB = VolumeName("vg0", "web")


def recorded(kind: str) -> list[Row]:
    return rows((DATA / f"{kind}s.json").read_text(), kind)


@dataclass(frozen=True)
class FakeLvm(Lvm):
    """Reports what was recorded, and does nothing."""

    told: list[tuple[Any, ...]] = field(default_factory=list)
    volumes: tuple[Row, ...] = ()

    async def report(self, groups: Collection[str]) -> tuple[list[Row], list[Row]]:
        found = [row for row in recorded("vg") if row["vg_name"] in groups]
        return found, [*(recorded("lv") if found else ()), *self.volumes]

    async def _change(self, words: Sequence[str]) -> None:
        self.told.append(tuple(words))


@pytest.fixture
def volumes() -> Volumes:
    return Volumes(("vg0", "gone"), FakeLvm())


def told(volumes: Volumes) -> list[tuple[Any, ...]]:
    assert isinstance(volumes.lvm, FakeLvm)
    return volumes.lvm.told


def nothing(_: float) -> None:
    return None


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/dev/vg0/web", WEB),
        ("/dev/mapper/vg0-web", WEB),
        ("/dev/mapper/a--b-c--d", VolumeName("a-b", "c-d")),
        ("/dev/mapper/a---b", VolumeName("a-", "b")),
        ("/dev/mapper/vg0-web-real", None),
        ("/dev/mapper/control", None),
        ("/dev/vg0", None),
        ("/dev/vg0/", None),
        ("/dev/-vg/web", None),
        ("/dev/disk/by-id/x", None),
        ("/var/vg0/web", None),
        ("dev/vg0/web", None),
    ],
)
def test_what_a_path_means(path: str, meant: VolumeName | None) -> None:
    assert of_path(path) == meant


def test_a_name_of_the_device_mapper_is_that_of_one_volume() -> None:
    assert of_mapped("ubuntu--vg-root--1") == VolumeName("ubuntu-vg", "root-1")


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "-web", "web/x", "wéb", "web disk", "web\n", "a" * 128),
        *("snapshot", "snapshot1", "pvmove0", "web_tdata", "x_rimage_0", "y_mlog"),
    ],
)
def test_names_that_lvm_does_not_take_are_refused(name: str) -> None:
    assert why_unusable(name)


@pytest.mark.parametrize("name", ["web", "my-snapshot", "_web", "a" * 127, "web.1+2"])
def test_names_that_it_takes(name: str) -> None:
    assert why_unusable(name) == ""


def test_a_pool_is_named_alone_or_with_its_group() -> None:
    assert [pool_in("vg0", word) for word in ("p", "vg0/p", "/dev/vg0/p")] == ["p", "p", "p"]
    for word in ("vg1/p", "/dev/vg1/p", "a/b/c", "", "-p"):
        with pytest.raises(XeniaError, match="no thin pool"):
            pool_in("vg0", word)


def test_what_lvm_reports_is_read() -> None:
    (group,) = read_groups(recorded("vg"), recorded("lv"))
    assert read_groups(recorded("lv")[:1], recorded("lv")) == (group,)
    found = {volume.name: volume for volume in read_volumes(recorded("lv"))}
    assert (group.name, group.extent) == ("vg0", 4 * MIB)
    (pool,) = group.pools
    assert (pool.name, pool.size, pool.promised) == ("pool0", 200 * MIB, 3 << 30)
    assert pool.data > 90
    assert set(found) == {"cow", "sleeping", "snap", "thin-1", "web"}
    assert (found["web"].kind, found["web"].allocated, found["web"].making) == (VolumeKind.THICK, 12 * MIB, True)
    assert (found["snap"].kind, found["snap"].pool, found["snap"].origin) == (VolumeKind.THIN, "pool0", "thin-1")
    assert 0 < found["thin-1"].allocated < 300 * MIB
    assert (found["sleeping"].active, found["sleeping"].allocated, found["sleeping"].filled) == (False, 0, None)
    assert AboutVolume.of(found["web"], found.values()).based == ("/dev/vg0/cow",)
    assert AboutVolume.of(found["thin-1"], found.values()).snapshots == ("/dev/vg0/sleeping", "/dev/vg0/snap")


@pytest.mark.parametrize("said", ["", "{}", '{"report": []}', '{"report": [{"lv": [1]}]}', "[]"])
def test_what_is_no_report_is_an_error(said: str) -> None:
    with pytest.raises(XeniaError) as caught:
        rows(said, "lv")
    assert caught.value.kind is ErrorKind.ENGINE_FAILED


async def test_lvm_is_told_exactly_this(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    async def run(words: Sequence[str], **_: object) -> Ended:
        said.append(" ".join(words))
        return Ended(
            0, '{"report": [{"lv": [], "vg": [], "seg": [{"seg_pe_ranges": "/dev/sdb:0-2 /dev/sdc:5-5"}]}]}', ""
        )

    monkeypatch.setattr(lvm_module, "run", run)
    lvm = Lvm()
    await lvm.create(WEB, 512, "xenia.making")
    await lvm.create_thin(WEB, "pool0", 512)
    await lvm.snapshot(WEB, "copy")
    await lvm.extend(WEB, 1024, await lvm.places_of(WEB))
    await lvm.remove(WEB)
    await lvm.untag(WEB, "xenia.making")
    await lvm.report(["vg0", "vg1"])
    group = "vg_name,vg_size,vg_free,vg_extent_size"
    report = "--reportformat json --units b --nosuffix"
    assert said == [
        "lvcreate --yes --wipesignatures y --zero y --size 512b --name web --addtag xenia.making vg0",
        "lvcreate --yes --thin --thinpool pool0 --virtualsize 512b --name web vg0",
        "lvcreate --yes --snapshot --setactivationskip n --name copy vg0/web",
        f"lvs {report} --segments --options seg_pe_ranges vg0/web",
        "lvextend --yes --size 1024b vg0/web /dev/sdb:0-2 /dev/sdc:5-5",
        "lvremove --yes vg0/web",
        "lvchange --deltag xenia.making vg0/web",
        f"lvs {report} --options {group},lv_name,lv_size,segtype,pool_lv,origin,data_percent,metadata_percent,"
        'lv_active,lv_device_open,lv_tags,zero --select vg_name="vg0"||vg_name="vg1"',
        f'vgs {report} --options {group} --select vg_name="vg0"||vg_name="vg1"',
    ]


async def test_its_reason_is_told_and_its_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(words: Sequence[str], **_: object) -> Ended:
        return Ended(5, "", "  WARNING: Sum of all\n  Rounding up size\n  Logical volume vg0/web in use.\n")

    async def missing(words: Sequence[str], **_: object) -> Ended:
        raise FileNotFoundError(words[0])

    monkeypatch.setattr(lvm_module, "run", refuse)
    with pytest.raises(XeniaError, match=r"^LVM refuses \(lvremove\): Logical volume vg0/web in use\.$"):
        await Lvm().remove(WEB)
    monkeypatch.setattr(lvm_module, "run", missing)
    with pytest.raises(XeniaError, match="LVM is not installed") as caught:
        await Lvm().remove(WEB)
    assert caught.value.hint == "apt install lvm2"
    groups, found = await Volumes(("vg0",)).all()
    assert (groups[0].problem, found) == ("LVM is not installed here: there is no lvs", ())


def test_what_xend_does_not_work_on_is_not_meant(volumes: Volumes) -> None:
    """Unless no file could be there: then it is said why."""
    assert volumes.named("/dev/vg0/new") == VolumeName("vg0", "new")
    assert volumes.named("/dev/no-such-group/web") == VolumeName("no-such-group", "web")
    assert volumes.named("/dev/shm/web") is None
    assert volumes.named("/dev/null") is None
    assert volumes.named("web") is None


@pytest.mark.parametrize(
    ("name", "size", "pool", "kind", "words"),
    [
        (VolumeName("theirs", "web"), MIB, "", ErrorKind.DENIED, r"works on no other .* \(vg0, gone\)"),
        (VolumeName("gone", "web"), MIB, "", ErrorKind.UNAVAILABLE, "there is no volume group gone"),
        (VolumeName("vg0", "snapshot"), MIB, "", ErrorKind.INVALID, "LVM's own"),
        (WEB, MIB, "", ErrorKind.CONFLICT, "there is a volume /dev/vg0/web already"),
        (VolumeName("vg0", "pool0"), MIB, "", ErrorKind.CONFLICT, "already"),
        (VolumeName("vg0", "new"), 1 << 40, "", ErrorKind.UNAVAILABLE, "1048576 MiB are needed, .* MiB free"),
        (VolumeName("vg0", "new"), MIB, "no", ErrorKind.NOT_FOUND, "no thin pool no"),
    ],
)
async def test_what_cannot_be_made_is_refused_before(
    volumes: Volumes, name: VolumeName, size: int, pool: str, kind: ErrorKind, words: str
) -> None:
    with pytest.raises(XeniaError, match=words) as caught:
        await volumes.create(name, size, pool, nothing)
    assert caught.value.kind is kind
    assert told(volumes) == []


async def test_a_thin_volume_is_made_in_whole_extents_and_what_is_promised_is_told(volumes: Volumes) -> None:
    full, promised = await volumes.create(VolumeName("vg0", "new"), 5 * MIB, "pool0", nothing)
    assert "is almost full (" in full
    assert promised.startswith("the volumes of the thin pool vg0/pool0 have 3080 MiB together, and it has 200 MiB")
    assert told(volumes)[0][-3:] == ("--name", "new", "vg0")
    assert f"{8 * MIB}b" in told(volumes)[0]


async def test_what_fails_half_made_is_removed(volumes: Volumes) -> None:
    """No device comes: there is no device mapper here."""
    with pytest.raises(XeniaError):
        await volumes.create(VolumeName("vg0", "new"), MIB, "", nothing)
    assert [words[0] for words in told(volumes)] == ["lvcreate", "lvremove"]
    assert "xenia.making" in told(volumes)[0]


async def test_a_content_that_does_not_fit_into_a_pool_is_refused_before(volumes: Volumes) -> None:
    with pytest.raises(XeniaError, match=r"100 MiB are needed, and the thin pool vg0/pool0 has \d+ MiB free"):
        async with volumes.making(VolumeName("vg0", "new"), 1 << 30, "pool0", nothing, 100 * MIB):
            pass
    assert told(volumes) == []


async def test_only_thin_volumes_begin_as_others_and_in_their_group(volumes: Volumes) -> None:
    await volumes.snapshot(VolumeName("vg0", "thin-1"), VolumeName("vg0", "new"))
    assert told(volumes) == [
        ("lvcreate", "--yes", "--snapshot", "--setactivationskip", "n", "--name", "new", "vg0/thin-1")
    ]
    with pytest.raises(XeniaError, match="can only be copied"):
        await volumes.snapshot(VolumeName("vg0", "cow"), VolumeName("vg0", "new"))
    with pytest.raises(XeniaError, match="another volume group"):
        await volumes.snapshot(VolumeName("vg0", "thin-1"), VolumeName("vg1", "new"))
    with pytest.raises(XeniaError, match="thin pool, and no disk"):
        await volumes.snapshot(VolumeName("vg0", "pool0"), VolumeName("vg0", "new"))


async def test_a_volume_grows_by_extents_if_its_group_has_them(volumes: Volumes) -> None:
    assert await volumes.grow(WEB, 11 * MIB, nothing) == (12 * MIB, [])
    with pytest.raises(XeniaError, match="MiB free"):
        await volumes.grow(WEB, 1 << 40, nothing)
    assert told(volumes) == []
    size, notes = await volumes.grow(WEB, 13 * MIB, nothing, wiped=False)
    assert (size, "was not wiped" in notes[0]) == (16 * MIB, True)
    size, notes = await volumes.grow(VolumeName("vg0", "thin-1"), 1 << 40, nothing)
    assert (size, "almost full" in notes[0]) == (1 << 40, True)
    assert told(volumes) == [
        ("lvextend", "--yes", "--size", f"{16 * MIB}b", "vg0/web"),
        ("lvextend", "--yes", "--size", f"{1 << 40}b", "vg0/thin-1"),
    ]


async def test_what_thick_snapshots_need_is_not_removed(volumes: Volumes) -> None:
    with pytest.raises(XeniaError, match="snapshots of '/dev/vg0/web', and need it: /dev/vg0/cow"):
        await volumes.remove(WEB)
    with pytest.raises(XeniaError, match="no volume /dev/vg0/none"):
        await volumes.remove(VolumeName("vg0", "none"))
    await volumes.remove(VolumeName("vg0", "sleeping"))
    assert told(volumes) == [("lvremove", "--yes", "vg0/sleeping")]
    with pytest.raises(XeniaError, match="not active"):
        await volumes.require_active(VolumeName("vg0", "sleeping"))


async def test_what_is_not_whole_is_swept_and_nothing_else(volumes: Volumes) -> None:
    await volumes.sweep()
    assert told(volumes) == [("lvremove", "--yes", "vg0/web")]


def test_what_is_said_of_a_pool() -> None:
    pool = ThinPool("p", 100 * MIB, 50 * MIB, 10, 10)
    assert notes_on(pool, "vg0", 50 * MIB) == []
    assert "have 101 MiB together" in notes_on(pool, "vg0", 51 * MIB)[0]
    (full,) = notes_on(ThinPool("p", 100 * MIB, 0, 10, 95), "vg0", 0)
    assert "(95 % of its metadata)" in full
    (unsafe,) = notes_on(ThinPool("p", 100 * MIB, 0, 10, 10, zeroes=False), "vg0", 0)
    assert "does not zero" in unsafe


async def test_what_lvm_has_made_is_removed_where_nobody_waits_any_more(volumes: Volumes) -> None:
    fake = volumes.lvm
    assert isinstance(fake, FakeLvm)
    tasks = Tasks()

    async def change(words: Sequence[str]) -> None:
        fake.told.append(tuple(words))
        if words[0] == "lvcreate":
            making.cancel()
            await asyncio.sleep(0)

    object.__setattr__(fake, "_change", change)
    making = tasks.start(volumes.create(VolumeName("vg0", "new"), MIB, "", nothing), name="making")
    await asyncio.wait([making])
    assert making.cancelled()
    assert [words[0] for words in told(volumes)] == ["lvcreate", "lvremove"]
