"""Control groups, in a folder that looks like their file system; a test makes the files that the kernel would."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines.qemu.conftest import Host

from xenia.engines.base import Resources
from xenia.engines.qemu import cgroup
from xenia.engines.qemu.engine import QemuEngine
from xenia.engines.qemu.explain import explain
from xenia.engines.qemu.facts import Facts
from xenia.model.complaint import Severity
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.host import Capability
from xenia.model.scheduling import CGROUP, Share

OTHERS = "24 1 0:22 / /proc rw,nosuid shared:5 - proc proc rw\n"


class Tree:
    """A file system of control groups with xend's own group; `group` makes one for a guest."""

    def __init__(self, folder: Path, *, controllers: str = "cpuset cpu io", passed_on: str = "cpu") -> None:
        self.root = folder / "cgroup"
        self.own = self.root / "xenia"
        self.own.mkdir(parents=True)
        for each in (self.root, self.own):
            (each / "cgroup.controllers").write_text(controllers)
            (each / "cgroup.subtree_control").write_text(passed_on)
        self.mounts = folder / "mountinfo"
        self.mounts.write_text(f"{OTHERS}41 31 0:38 / {self.root} rw,relatime shared:9 - cgroup2 cgroup2 rw\n")

    def group(self, name: str) -> Path:
        group = self.own / name
        group.mkdir()
        for file in ("cpu.weight", "cpu.max", "cgroup.procs"):
            (group / file).touch()
        return group


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.mark.parametrize(
    ("share", "weight", "maximum"),
    [
        (Share(CGROUP), "100", "max 100000"),
        (Share(CGROUP, 512, 50), "200", "50000 100000"),
        (Share(CGROUP, 1, 1), "1", "1000 100000"),
        (Share(CGROUP, 65535, 400), "10000", "400000 100000"),
    ],
)
def test_a_share_becomes_what_the_kernel_takes(share: Share, weight: str, maximum: str) -> None:
    assert cgroup.words_of(share) == {"cpu.weight": weight, "cpu.max": maximum}


def test_a_process_is_put_into_a_group_that_is_found_by_its_run_folder(tree: Tree, tmp_path: Path) -> None:
    folder = tmp_path / "uuid"
    folder.mkdir()
    group = tree.group("uuid")
    found = cgroup.find_tree(tree.mounts)
    assert found == tree.own
    for share, weight in ((Share(CGROUP), "100"), (Share(CGROUP, 512), "200")):
        for file in group.iterdir():
            file.write_text("")
        cgroup.enter(folder, found, 4711, share)
        assert (group / "cpu.weight").read_text() == weight
        assert (group / "cgroup.procs").read_text() == "4711"
    assert (folder / "cgroup").readlink() == group
    for file in group.iterdir():
        file.unlink()
    cgroup.leave(folder)
    assert not group.exists()
    assert list(folder.iterdir()) == []
    cgroup.leave(folder)


def test_the_controller_is_passed_on_where_it_is_not(tmp_path: Path) -> None:
    tree = Tree(tmp_path, passed_on="")
    assert cgroup.find_tree(tree.mounts) == tree.own
    assert [(each / "cgroup.subtree_control").read_text() for each in (tree.root, tree.own)] == ["+cpu", "+cpu"]


def test_what_is_missing_is_said(tree: Tree, tmp_path: Path) -> None:
    tree.mounts.write_text(OTHERS)
    assert why_not(tree) == "no cgroup v2 file system is mounted"
    tree = Tree(tmp_path / "other", controllers="hugetlb", passed_on="")
    assert "has no CPU controller: cgroup v1 has it" in why_not(tree)
    (tree.root / "cgroup.controllers").unlink()
    assert "No such file or directory" in why_not(tree)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may make groups")
def test_who_may_make_no_groups_is_told(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    (tree.own / "cgroup.controllers").unlink()
    (tree.own / "cgroup.subtree_control").unlink()
    tree.own.rmdir()
    tree.root.chmod(0o500)
    assert why_not(tree).endswith("Permission denied")


def why_not(tree: Tree) -> str:
    with pytest.raises(XeniaError) as raised:
        cgroup.find_tree(tree.mounts)
    return raised.value.message


def test_a_group_that_the_kernel_refuses_is_told_with_its_path(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "uuid").mkdir()
    with pytest.raises(XeniaError, match="uuid is not as it should be: No such file") as raised:
        cgroup.enter(tmp_path / "uuid", tree.own, 1, Share(CGROUP))
    assert raised.value.kind is ErrorKind.ENGINE_FAILED


@pytest.mark.parametrize(
    ("config", "facts", "said"),
    [
        (
            DomainConfig("a", Kind.HVM, cpu_weight=512, cpu_cap=50),
            Facts(version="7", cgroups=Path("/x")),
            [
                (Severity.NOTE, "cpu_weight=512 becomes cpu.weight = 200 of a control group"),
                (Severity.NOTE, "cpu_cap=50 becomes cpu.max = 50000 100000 of a control group"),
            ],
        ),
        (
            DomainConfig("a", Kind.HVM, cpu_weight=512),
            Facts(version="7", no_cgroups="there is none"),
            [(Severity.WARNING, "cpu_weight=512 has no effect: there is none")],
        ),
        (
            DomainConfig("a", Kind.HVM, cpu_weight=0, cpu_cap=-1),
            Facts(version="7", cgroups=Path("/x")),
            [
                (Severity.WARNING, "cpu_weight=0 has no effect: it is between 1 and 65535"),
                (Severity.WARNING, "cpu_cap=-1 has no effect: it is in percent of one CPU"),
            ],
        ),
    ],
)
def test_a_guest_file_is_told_what_becomes_of_its_share(
    host: Host, config: DomainConfig, facts: Facts, said: list[tuple[Severity, str]]
) -> None:
    told = explain(config, host.settings, facts).complaints
    assert [(each.severity, each.message) for each in told if each.key.startswith("cpu_")] == said


@pytest.mark.qemu
async def test_a_guest_starts_in_its_group_and_gets_another_share(host: Host, tree: Tree) -> None:
    host.settings = replace(host.settings, mounts=tree.mounts)
    host.engine = QemuEngine(host.settings)
    report = await host.engine.probe()
    assert Capability.SCHEDULING in report.capabilities == host.engine.capabilities
    started = host.new(host.config(cpu_weight=512))
    group = tree.group(started.uuid)
    await host.engine.start(started, Resources())
    assert (group / "cgroup.procs").read_text() == str(host.pid(started))
    assert (group / "cpu.weight").read_text() == "200"
    await host.engine.set_share(started.uuid, Share(CGROUP, 256, 50))
    assert (group / "cpu.max").read_text() == "50000 100000"
    assert await host.engine.shares() == {started.uuid: Share(CGROUP, 256, 50)}
    await host.engine.destroy(started.uuid)
    assert not (host.run_folder(started) / "cgroup").is_symlink()


@pytest.mark.qemu
async def test_a_host_without_groups_says_why(host: Host, tree: Tree) -> None:
    tree.mounts.write_text(OTHERS)
    host.settings = replace(host.settings, mounts=tree.mounts)
    host.engine = QemuEngine(host.settings)
    report = await host.engine.probe()
    assert Capability.SCHEDULING not in report.capabilities
    assert report.lacks[Capability.SCHEDULING] == "no cgroup v2 file system is mounted"
    started = await host.start(host.config(cpu_weight=512))
    with pytest.raises(XeniaError, match="no cgroup v2"):
        await host.engine.set_share(started.uuid, Share(CGROUP))
