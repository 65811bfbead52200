"""What Prometheus is told, read by its own library."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families
from tests.support.xend import Xend

from xenia.model.stats import DiskStats, Stats, VcpuStats, VifStats


async def told(xend: Xend) -> dict[str, dict[tuple[str, ...], float]]:
    """The values by name, and by what their labels say."""
    answer = await xend.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"][:25]) == (200, "text/plain; version=0.0.4")
    return {
        sample.name: {tuple(each.labels.values()): each.value for each in family.samples if each.name == sample.name}
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_the_host_and_each_domain_are_told(xend: Xend) -> None:
    uuid = await xend.create("web")
    disk = DiskStats("xvda", 512, 1024, 1, 2, 3, 0.5, None)
    card = VifStats(0, "vif1.0", 10, 20, 1, 2, 3, 4)
    xend.world.host.guests[uuid].stats = Stats((VcpuStats(0, 1.5, 0.25),), (disk,), (card,))
    values = await told(xend)
    of = ("web", uuid)
    assert list(values["xenia_info"].values()) == [1.0]
    assert values["xenia_host_cpus"][()] >= 1
    assert values["xenia_domain_memory_bytes"][of] % (1 << 20) == 0
    assert values["xenia_domain_state"][*of, "running"] == 1
    assert values["xenia_domain_state"][*of, "paused"] == 0
    assert values["xenia_domain_cpu_seconds_total"][*of, "0"] == 1.5
    assert values["xenia_domain_cpu_wait_seconds_total"][*of, "0"] == 0.25
    assert values["xenia_domain_disk_written_bytes_total"][*of, "xvda"] == 1024
    assert values["xenia_domain_disk_read_time_seconds_total"][*of, "xvda"] == 0.5
    assert "xenia_domain_disk_write_time_seconds_total" not in values
    assert values["xenia_domain_network_transmit_bytes_total"][*of, "0", "vif1.0"] == 20


async def test_whatever_a_label_holds_it_is_one(xend: Xend) -> None:
    uuid = await xend.create("web")
    odd = 'x"} 1\nxenia_host_cpus 99'
    xend.world.host.guests[uuid].stats = Stats(vifs=(VifStats(0, odd, 10, 20, 1, 2),))
    values = await told(xend)
    assert values["xenia_domain_network_receive_bytes_total"] == {("web", uuid, "0", odd): 10.0}
    assert values["xenia_host_cpus"][()] != 99
