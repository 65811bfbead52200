"""GET /stats, GET /domains/REF/stats."""

from __future__ import annotations

from pathlib import Path

from tests.support.world import World, read_really
from tests.support.xend import Xend, running_xend

from xenia.model.stats import DiskStats, Stats, VcpuStats, VifStats
from xenia.model.vcpu import VcpuState


async def test_all_that_runs_is_told_with_what_it_has_used(xend: Xend) -> None:
    uuid = await xend.create("web")
    xend.world.host.guests[uuid].stats = Stats(
        (VcpuStats(0, 1.5, 0.25, VcpuState.READY),),
        (DiskStats("xvda", 512, 0, 1, 0, 0, 0.5),),
        (VifStats(0, "vif1.0", 10, 20, 1, 2),),
    )
    answer = (await xend.get("/stats")).json()
    assert answer["at"] > 0
    assert (answer["host"]["cpus"], answer["host"]["total_memory"]) == (4, 16384)
    host, web = answer["domains"]
    assert (host["domain"]["name"], host["stats"]) == ("Domain-0", {"vcpus": [], "disks": [], "vifs": []})
    assert (web["domain"]["name"], web["domain"]["letters"]) == ("web", "r-----")
    assert web["stats"] == {
        "vcpus": [{"number": 0, "cpu_time": 1.5, "wait": 0.25, "state": "ready"}],
        "disks": [
            {
                **{"target": "xvda", "read_bytes": 512, "write_bytes": 0, "reads": 1, "writes": 0, "errors": 0},
                **{"read_time": 0.5, "write_time": None},
            }
        ],
        "vifs": [
            {
                **{"number": 0, "interface": "vif1.0", "rx_bytes": 10, "tx_bytes": 20, "rx_packets": 1},
                **{"tx_packets": 2, "rx_dropped": 0, "tx_dropped": 0},
            }
        ],
    }
    one = (await xend.get("/domains/web/stats")).json()
    assert one["domains"] == [web]


async def test_disks_of_which_nothing_is_known_are_null(xend: Xend) -> None:
    uuid = await xend.create("web")
    xend.world.host.guests[uuid].stats = Stats(disks=None)
    assert (await xend.get("/domains/web/stats")).json()["domains"][0]["stats"]["disks"] is None


async def test_who_is_not_there_is_said_and_what_does_not_run_has_used_nothing(tmp_path: Path) -> None:
    (tmp_path / "xen").mkdir()
    (tmp_path / "xen/off.cfg").write_text("name='off'\n")
    async with running_xend(tmp_path, World(folder=tmp_path / "xen", read=read_really)) as xend:
        assert (await xend.get("/domains/nix/stats")).status_code == 404
        (told,) = (await xend.get("/domains/off/stats")).json()["domains"]
        assert (told["domain"]["state"], told["stats"]["vcpus"]) == ("defined", [])
        assert (await xend.get("/domains/Domain-0/stats")).status_code == 200


async def test_five_hundred_domains_come_in_the_order_of_their_ids(xend: Xend) -> None:
    for number in range(500):
        await xend.create(f"d{number}")
    domains = (await xend.get("/stats")).json()["domains"]
    assert [each["domain"]["domid"] for each in domains] == list(range(501))
