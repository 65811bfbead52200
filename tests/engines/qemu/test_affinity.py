"""On which CPUs of the host a virtual CPU may run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.engines.qemu.conftest import Host
from tests.guestfile.corpus import CORPUS, needs_corpus

from xenia.engines.qemu.affinity import HostCpus, cpus_of, cpus_of_vcpu, explain_affinity, host_cpus, listed
from xenia.model.domain import DomainConfig

HOST = HostCpus(frozenset(range(16)), {0: frozenset(range(8)), 1: frozenset(range(8, 16))})
NAMES = {"all": frozenset(range(16)), "none": frozenset[int]()}


@needs_corpus
def test_a_set_is_what_xens_own_test_expects() -> None:
    cases = json.loads((CORPUS / "xen-expected" / "xl-vcpupin.json").read_text())["cases"]
    for case in (case for case in cases if case["ok"]):
        expected = NAMES.get(case["expect"])
        found = cpus_of(case["spec"], HOST)
        assert found == (cpus_of(case["expect"], HOST) if expected is None else expected), case
        assert expected is not None or listed(found) == case["expect"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2", {2}), ("0-3 ^1", {0, 2, 3}), ("14-99999999", {14, 15}), ("16", set()), ("3-1", set()), ("nodes:2", set())],
)
def test_what_there_is_not_is_left_out(text: str, expected: set[int]) -> None:
    assert cpus_of(text, HOST) == expected


def test_each_virtual_cpu_has_its_item_and_those_beyond_the_list_have_none() -> None:
    config = DomainConfig("a", vcpus=3, vcpu_pins=("2", "3-4"))
    assert [cpus_of_vcpu(config, number, HOST) for number in range(3)] == [{2}, {3, 4}, set()]
    config = DomainConfig("a", vcpus=3, cpus="5")
    assert [cpus_of_vcpu(config, number, HOST) for number in range(3)] == [{5}, {5}, {5}]


def test_a_choice_that_this_host_cannot_follow_is_warned_of() -> None:
    config = DomainConfig("a", vcpus=2, vcpu_pins=("2", "20"))
    (warning,) = explain_affinity(config, HOST)
    assert (warning.key, warning.message) == ("cpus[1]", "cpus=20 has no effect: this host's CPUs are 0-15")
    assert not list(explain_affinity(config, HostCpus()))


def test_the_nodes_of_a_host_have_their_cpus(tmp_path: Path) -> None:
    usable = sorted(os.sched_getaffinity(0))
    for name, content in (("node0", f"{usable[0]},9999\n"), ("node1", "\n"), ("power", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cpulist").write_text(content)
    found = host_cpus(tmp_path)
    assert found == HostCpus(frozenset(usable), {0: frozenset({usable[0]}), 1: frozenset()})
    assert host_cpus(tmp_path / "none") == HostCpus(frozenset(usable))


@pytest.mark.qemu
async def test_the_threads_of_a_guest_are_kept_where_its_file_wants_them(host: Host) -> None:
    await host.engine.probe()
    first, *others = sorted(os.sched_getaffinity(0))
    started = await host.start(host.config(vcpus=2, vcpu_pins=(str(first), "all")))
    guest = host.engine._guests[started.uuid]
    threads = [vcpu["thread-id"] for vcpu in await guest.execute("query-cpus-fast")]
    assert [os.sched_getaffinity(thread) for thread in threads] == [{first}, {first, *others}]
