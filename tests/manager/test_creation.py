"""What is decided once at a create, and kept."""

from dataclasses import replace

import pytest
from tests.support.world import ROOT, request

from xenia.model.caller import Caller, Role
from xenia.model.domain import DomainConfig
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import JobState
from xenia.model.reading import Reading
from xenia.model.vif import Vif


async def done(manager, job):
    job = await manager.wait(job.id, 10)
    assert job.state is JobState.DONE, job
    return job


async def start(manager, asked=None):
    await done(manager, manager.create(asked or request("a"), ROOT))
    return manager.inventory.started("a")


async def again(manager, asked=None):
    await done(manager, manager.operate("destroy", "a", ROOT))
    return await start(manager, asked)


@pytest.fixture
def cards(manager, monkeypatch):
    """Lets a test say which cards the next guest files have."""
    wanted = {"vifs": (Vif(),)}
    creation = manager._parts.creation
    read = creation.read

    async def reading(text, file, overrides):
        found = await read(text, file, overrides)
        return replace(found, config=replace(found.config, vifs=wanted["vifs"]))

    manager._parts = replace(manager._parts, creation=replace(creation, read=reading))
    return wanted


async def test_uuid_and_generated_macs_stay_over_restarts_of_domain_and_xend(world, manager, cards):
    first = await start(manager)
    assert first.macs[0].startswith("00:16:3e")
    second = await again(manager)
    assert (second.uuid, second.macs) == (first.uuid, first.macs)
    assert second.domid == first.domid + 1
    other = world.boot()
    await other.start()
    assert other._parts.lifecycle.records.by_name("a").macs == first.macs
    await other.close()


async def test_a_given_mac_counts_and_an_added_card_gets_one_of_its_own(manager, cards):
    first = await start(manager)
    cards["vifs"] = (Vif(), Vif(mac="00:16:3e:aa:bb:cc"), Vif())
    second = await again(manager)
    assert second.macs[0] == first.macs[0]
    assert second.macs[1] == "00:16:3e:aa:bb:cc"
    assert len(set(second.macs)) == 3


async def test_a_uuid_in_the_file_counts_and_replaces_the_record(manager):
    first = await start(manager)
    given = "11111111-2222-4333-8444-555555555555"
    second = await again(manager, request("a", uuid=given))
    assert second.uuid == given != first.uuid
    assert [record.uuid for record in manager._parts.lifecycle.records.all()] == [given]


async def test_a_uuid_that_a_running_domain_has_is_refused(manager):
    given = "11111111-2222-4333-8444-555555555555"
    await done(manager, manager.create(request("a", uuid=given), ROOT))
    job = await manager.wait(manager.create(request("b", uuid=given), ROOT).id, 10)
    assert job.error is not None
    assert job.error["kind"] == "conflict"
    assert "'a'" in job.error["detail"]
    assert manager._parts.lifecycle.records.by_name("a").uuid == given


async def test_the_guest_abi_is_kept_until_the_domain_becomes_one_of_another_kind(manager, monkeypatch):
    first = await start(manager)
    engine = manager._parts.engine
    monkeypatch.setattr(type(engine), "abi_of", lambda self, config: {"machine": "newer"})
    assert (await again(manager)).abi == first.abi
    read = manager._parts.creation.read

    async def hvm(text, file, overrides) -> Reading:
        found = await read(text, file, overrides)
        return replace(found, config=replace(found.config, kind="hvm"))

    manager._parts = replace(manager._parts, creation=replace(manager._parts.creation, read=hvm))
    assert (await again(manager)).abi["machine"] == "newer"


async def test_a_viewer_may_not_create_and_an_operator_is_not_trusted_with_paths(manager):
    with pytest.raises(XeniaError) as raised:
        manager.create(request("a"), Caller(1000, "eve", Role.VIEWER))
    assert raised.value.kind is ErrorKind.DENIED
    await done(manager, manager.create(request("a"), Caller(1000, "op", Role.OPERATOR)))
    assert manager.inventory.started("a").trusted is False


async def test_a_plan_changes_nothing(world, manager):
    before = dict(world.files)
    plan = await manager.plan(request("a", disk="/a"), ROOT)
    assert isinstance(plan.config, DomainConfig)
    assert plan.rendered
    assert world.files == before
    assert [domain.name for domain in await manager.inventory.list()] == ["Domain-0"]
