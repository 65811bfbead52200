"""Listing, showing, creating and operating domains over the socket."""

import asyncio
import time
from dataclasses import replace

from tests.support.xend import Xend

from xenia.model.domain import DOMAIN_0_NAME


async def test_domain_0_is_in_the_list_with_its_letters(xend: Xend) -> None:
    (domain,) = (await xend.get("/domains")).json()["domains"]
    assert (domain["name"], domain["domid"], domain["letters"]) == (DOMAIN_0_NAME, 0, "r-----")


async def test_a_created_domain_is_listed_and_shown_with_its_configuration(xend: Xend) -> None:
    uuid = await xend.create("one", paused=True)
    listed = (await xend.get("/domains")).json()["domains"][1]
    assert (listed["name"], listed["uuid"], listed["state"], listed["letters"]) == ("one", uuid, "paused", "--p---")
    shown = (await xend.get("/domains/one")).json()
    assert shown["domain"] == listed
    assert shown["config"]["name"] == "one"
    assert shown["definition"] == {"file": "", "overrides": []}
    assert shown["macs"] == []


async def test_domain_0_is_shown_without_a_configuration(xend: Xend) -> None:
    assert (await xend.get("/domains/0")).json()["config"] is None


async def test_a_domain_is_found_by_id_uuid_and_prefix(xend: Xend) -> None:
    uuid = await xend.create("long-name")
    for ref in ("1", uuid, uuid.upper(), "long"):
        assert (await xend.get(f"/domains/{ref}")).json()["domain"]["uuid"] == uuid


async def test_a_create_without_waiting_answers_202_and_the_way_to_the_job(xend: Xend) -> None:
    answer = await xend.post("/domains", {"text": "name=one"})
    assert answer.status_code == 202
    job = answer.json()["job"]
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    ended = await xend.get(f"/jobs/{job['id']}", wait=10)
    assert (ended.status_code, ended.json()["job"]["state"]) == (200, "done")


async def test_operations_change_the_state(xend: Xend) -> None:
    await xend.create("one")
    for operation, state in (("pause", "paused"), ("pause", "paused"), ("unpause", "running")):
        assert (await xend.post(f"/domains/one/{operation}", {}, wait=10)).status_code == 200
        assert (await xend.get("/domains/one")).json()["domain"]["state"] == state
    assert (await xend.post("/domains/one/destroy", wait=10)).status_code == 200
    assert (await xend.get("/domains/one")).status_code == 404


async def test_shutdown_until_gone_ends_when_the_guest_has(xend: Xend) -> None:
    await xend.create("one")
    answer = await xend.post("/domains/one/shutdown", {"until_gone": True}, wait=10)
    assert (answer.status_code, answer.json()["job"]["state"]) == (200, "done")
    assert len((await xend.get("/domains")).json()["domains"]) == 1


async def test_a_wait_that_is_over_before_the_job_answers_202(xend: Xend) -> None:
    xend.world.host.deaf.add("deaf")
    await xend.create("deaf")
    answer = await xend.post("/domains/deaf/shutdown", {"until_gone": True}, wait=0.05)
    assert (answer.status_code, answer.json()["job"]["state"]) == (202, "running")


async def test_a_job_that_fails_answers_with_its_error_and_itself(xend: Xend) -> None:
    await xend.create("one")
    answer = await xend.post("/domains", {"text": "name=one"}, wait=10)
    problem = answer.json()
    assert answer.status_code == problem["status"] == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["kind"], problem["exit_code"], problem["job"]["state"]) == ("conflict", 5, "failed")
    assert "'one' exists already" in problem["detail"]
    shown = await xend.get(f"/jobs/{problem['job']['id']}")
    assert (shown.status_code, shown.json()["job"]["state"]) == (200, "failed")
    assert (await xend.get(f"/jobs/{problem['job']['id']}", wait=1)).status_code == 409


async def test_what_can_be_said_at_once_is_no_job(xend: Xend) -> None:
    for path, status, word in (
        ("/domains/nobody/pause", 404, "nobody"),
        ("/domains/0/destroy", 422, "Domain-0"),
        ("/domains/Domain-0/shutdown", 422, "Domain-0"),
    ):
        answer = await xend.post(path, {})
        assert (answer.status_code, "job" in answer.json()) == (status, False)
        assert word in answer.json()["detail"]
    assert (await xend.get("/jobs")).json() == {"jobs": []}


async def test_who_waits_is_answered_when_xend_stops(xend: Xend) -> None:
    xend.world.host.deaf.add("deaf")
    await xend.create("deaf")

    async def stop() -> None:
        async with asyncio.timeout(5):
            while (await xend.get("/jobs/2")).status_code == 404:
                pass
        xend.doors.stopping.set()

    answer, _ = await asyncio.gather(xend.post("/domains/deaf/shutdown", {"until_gone": True}, wait=3600), stop())
    problem = answer.json()
    assert (answer.status_code, problem["kind"], problem["job"]["state"]) == (503, "unavailable", "running")


async def test_domains_are_listed_by_their_tags(xend: Xend) -> None:
    uuid, _ = await xend.create("one"), await xend.create("two")
    entry = xend.manager._parts.lifecycle.table.get(uuid)
    assert entry is not None
    entry.started = replace(entry.started, config=replace(entry.started.config, tags=("web", "berlin")))
    for tag, names in (("web", ["one"]), ("berlin", ["one"]), ("we", []), ("", ["Domain-0", "one", "two"])):
        listed = (await xend.get("/domains", tag=tag)).json()["domains"]
        assert [each["name"] for each in listed] == names
    assert (await xend.get("/domains/one")).json()["domain"]["tags"] == ["web", "berlin"]
    assert (await xend.get("/domains", tag="x" * 65)).status_code == 422


async def test_a_plan_starts_nothing(xend: Xend) -> None:
    answer = await xend.post("/plan", {"text": "name=one", "overrides": ["a=b"]})
    assert answer.status_code == 200
    assert answer.json()["config"]["name"] == "one"
    assert answer.json()["engine"] == "simulated"
    assert len((await xend.get("/domains")).json()["domains"]) == 1


async def test_a_check_tells_all_there_is_to_say(xend: Xend) -> None:
    answer = await xend.post("/check", {"text": "name=one on_crash=rename-restart", "file": "/one.cfg"})
    assert answer.status_code == 200
    checked = answer.json()
    assert checked.pop("complaints") == []
    assert [(each["key"], each["value"]) for each in checked.pop("claims")] == [("name", "one")]
    assert checked == {"file": "/one.cfg", "name": "one", "engine": "simulated", "assumed": []}


async def test_an_engine_that_there_is_not_is_not_found(xend: Xend) -> None:
    answer = await xend.post("/check", {"text": "name=one", "engine": "vmware"})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "there is no engine 'vmware'"


async def test_the_host_its_engine_and_xend_are_told(xend: Xend) -> None:
    answer = (await xend.get("/host")).json()
    assert answer["host"]["total_memory"] == 16384
    assert answer["engine"]["capabilities"] == [
        "agent", "agent-commands", "core-dump", "disk-export", "disk-hotplug", "hvm", "layers", "live-disks",
        "medium-change", "memory", "monitor", "pause", "pci", "pv", "pvh", "reset", "save", "scheduling", "signals",
        "usb-hotplug", "vcpus", "vif-hotplug", "vif-link", "vnc",
    ]  # fmt: skip
    assert (answer["xend"]["version"], answer["xend"]["pid"]) == ("1.2.3", 4711)


async def test_a_hundred_domains_are_listed_quickly_and_whole(xend: Xend) -> None:
    for number in range(100):
        await xend.create(f"guest-{number:03}")
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        answer = await xend.get("/domains")
        times.append(time.perf_counter() - begun)
    assert [domain["domid"] for domain in answer.json()["domains"]] == list(range(101))
    assert min(times) < 0.05, times
    print(f"best of 20: {min(times) * 1000:.2f} ms")
