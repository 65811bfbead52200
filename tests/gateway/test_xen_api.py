"""The small Xen-API, spoken by Python's own client of XML-RPC."""

from __future__ import annotations

import asyncio
import ssl
import xmlrpc.client
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.conftest import Web, served
from tests.support.world import World, read_really
from tests.support.xend import running_xend

from xenia.gateway.xen_api_vm import power
from xenia.model.domain import State
from xenia.model.security_key import SecurityKey
from xenia.settings.certificate import Certificate


@pytest.fixture
async def xen_api(tmp_path: Path, certificate: Certificate, tls: ssl.SSLContext) -> AsyncIterator[Web]:
    folder = tmp_path / "xen"
    folder.mkdir()
    async with (
        running_xend(tmp_path, World(folder=folder, read=read_really)) as xend,
        served(xend.web, certificate, xen_api=True) as host,
    ):
        yield Web(xend, host, tls)


async def call(web: Web, method: str, *parameters: Any, path: str = "/") -> Any:
    """The answer of one call."""

    def ask() -> Any:
        with xmlrpc.client.ServerProxy(web.url + path, context=web.tls) as server:
            return getattr(server, method)(*parameters)

    return await asyncio.to_thread(ask)


async def value(web: Web, method: str, *parameters: Any) -> Any:
    answer = await call(web, method, *parameters)
    assert answer["Status"] == "Success", answer
    return answer["Value"]


async def failure(web: Web, method: str, *parameters: Any) -> list[str]:
    answer = await call(web, method, *parameters)
    assert answer["Status"] == "Failure", answer
    description: list[str] = answer["ErrorDescription"]
    return description


def defined(tmp_path: Path, name: str) -> None:
    (tmp_path / f"xen/{name}.cfg").write_text(f'name = "{name}"\nbuilder = "hvm"\nmemory = 64\n')


async def session(web: Web, user: str = "ada") -> str:
    return str(await value(web, "session.login_with_password", user, user[::-1], "1.0", "a test"))


async def test_a_domain_is_found_stopped_and_started(xen_api: Web, tmp_path: Path) -> None:
    ref = await session(xen_api)
    defined(tmp_path, "web")
    (vm,) = await value(xen_api, "VM.get_by_name_label", ref, "web")
    assert await value(xen_api, "VM.get_power_state", ref, vm) == "Halted"
    assert await value(xen_api, "VM.start", ref, vm, False, True) == ""
    (vm,) = await value(xen_api, "VM.get_by_name_label", ref, "web")
    record = await value(xen_api, "VM.get_record", ref, vm)
    assert (record["power_state"], record["is_control_domain"], record["is_a_template"]) == ("Running", False, False)
    assert await value(xen_api, "VM.get_by_uuid", ref, record["uuid"].upper()) == vm
    for method, then in (
        ("VM.pause", "Paused"),
        ("VM.unpause", "Running"),
        ("VM.hard_reboot", "Running"),
        ("VM.hard_shutdown", "Halted"),
    ):
        assert await value(xen_api, method, ref, vm) == ""
        (vm,) = await value(xen_api, "VM.get_by_name_label", ref, "web")
        assert await value(xen_api, "VM.get_power_state", ref, vm) == then, method
    records = await value(xen_api, "VM.get_all_records", ref)
    assert {each["name_label"]: each["is_control_domain"] for each in records.values()} == {
        "Domain-0": True,
        "web": False,
    }
    assert set(await value(xen_api, "VM.get_all", ref)) == set(records)


async def test_a_name_that_only_begins_so_is_not_meant(xen_api: Web, tmp_path: Path) -> None:
    """Fencing the wrong one is worse than fencing none."""
    ref = await session(xen_api)
    defined(tmp_path, "web2")
    assert await value(xen_api, "VM.get_by_name_label", ref, "web") == []
    assert (await failure(xen_api, "VM.hard_shutdown", ref, "OpaqueRef:web"))[0] == "HANDLE_INVALID"
    assert (await failure(xen_api, "VM.get_by_uuid", ref, "web"))[0] == "UUID_INVALID"


async def test_what_a_state_does_not_allow_is_told_by_it(xen_api: Web, tmp_path: Path) -> None:
    ref = await session(xen_api)
    defined(tmp_path, "web")
    (vm,) = await value(xen_api, "VM.get_by_name_label", ref, "web")
    assert await failure(xen_api, "VM.hard_shutdown", ref, vm) == ["VM_BAD_POWER_STATE", vm, "Running", "Halted"]
    await value(xen_api, "VM.start", ref, vm)
    (vm,) = await value(xen_api, "VM.get_by_name_label", ref, "web")
    assert await failure(xen_api, "VM.start", ref, vm) == ["VM_BAD_POWER_STATE", vm, "Halted", "Running"]


async def test_a_security_key_cannot_be_shown_there(xen_api: Web) -> None:
    xen_api.xend.policy[0] = "optional"
    key = SecurityKey("0a1b2c3d", "ada", "the blue one", "AAAA", "AAAA", 0, 1_000_000.0)
    await xen_api.xend.doors.second_factor._store.put(key)
    told = await failure(xen_api, "session.login_with_password", "ada", "ada")
    assert (told[:2], "a security key" in told[2]) == (["SESSION_AUTHENTICATION_FAILED", "ada"], True)


async def test_who_has_not_logged_in_has_no_session(xen_api: Web) -> None:
    wrong = await failure(xen_api, "session.login_with_password", "ada", "wrong")
    assert wrong[:2] == ["SESSION_AUTHENTICATION_FAILED", "ada"]
    for ref in ("", "OpaqueRef:nobody"):
        assert await failure(xen_api, "VM.get_all", ref) == ["SESSION_INVALID", ""]
    ref = await session(xen_api)
    assert await value(xen_api, "session.logout", ref) == ""
    assert await failure(xen_api, "VM.get_all", ref) == ["SESSION_INVALID", ""]


async def test_a_viewer_only_looks(xen_api: Web, tmp_path: Path) -> None:
    ref = await session(xen_api, "vic")
    defined(tmp_path, "web")
    (vm,) = await value(xen_api, "VM.get_by_name_label", ref, "web")
    assert (await failure(xen_api, "VM.start", ref, vm))[0] == "RBAC_PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("VM.fly", ("OpaqueRef:a",), "MESSAGE_METHOD_UNKNOWN"),
        ("session.login_with_password", ("ada",), "MESSAGE_PARAMETER_COUNT_MISMATCH"),
        ("VM.get_record", (), "MESSAGE_PARAMETER_COUNT_MISMATCH"),
        ("VM.get_all", (7,), "FIELD_TYPE_ERROR"),
        ("session.login_with_password", ({"a": 1}, ["b"]), "FIELD_TYPE_ERROR"),
    ],
)
async def test_what_it_does_not_know_is_told_so(xen_api: Web, method: str, parameters: Any, code: str) -> None:
    assert (await failure(xen_api, method, *parameters))[0] == code


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"<methodCall>",
        b"<methodResponse><params/></methodResponse>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><methodCall><methodName>&b;</methodName></methodCall>',
        b"<methodCall><methodName>VM.get_all</methodName><params><param><value><int>x</int></value></param></params>"
        b"</methodCall>",
        b"<a>" * 100_000,
        "<methodCall><methodName>ä</methodName></methodCall>".encode("utf-16"),
    ],
)
async def test_what_is_no_call_is_answered_as_such(xen_api: Web, content: bytes) -> None:
    async with xen_api.client() as client:
        answer = await client.post("/RPC2", content=content, headers={"content-type": "text/xml"})
    assert answer.status_code == 200
    (told,), _ = xmlrpc.client.loads(answer.content)
    assert isinstance(told, dict)
    assert told["Status"] == "Failure"


async def test_it_is_off_unless_it_is_asked_for(web: Web) -> None:
    for path in ("/", "/RPC2"):
        with pytest.raises(xmlrpc.client.ProtocolError) as raised:
            await call(web, "VM.get_all", "OpaqueRef:a", path=path)
        assert raised.value.errcode == 404


@pytest.mark.parametrize("state", State)
def test_only_what_holds_nothing_is_halted(state: State) -> None:
    assert (power({"state": state.value, "suspended": False}) == "Halted") is (state is State.DEFINED)
    assert power({"state": state.value, "suspended": True}) == "Suspended"
