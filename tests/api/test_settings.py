"""GET and PATCH /host/settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.xend import Xend, running_xend

from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError
from xenia.settings.settings import SETTINGS


async def test_each_is_told_with_where_it_comes_from_and_without_passwords(tmp_path: Path) -> None:
    file = tmp_path / "etc/xen/xend.toml"
    file.parent.mkdir(parents=True)
    file.write_text('vnc_password = "hushhush"\n[bridge]\ninterface = "eth1"\n')
    async with running_xend(tmp_path) as xend:
        answer = await xend.get("/host/settings")
    assert "hushhush" not in answer.text
    rows = {row["name"]: row for row in answer.json()["settings"]}
    assert list(rows) == list(SETTINGS)
    assert (rows["vnc_password"]["value"], rows["vnc_password"]["wanted"]) == ("***", "***")
    assert rows["bridge.interface"] == {
        "name": "bridge.interface",
        "value": "eth1",
        "wanted": "eth1",
        "default": "",
        "source": "xend.toml",
        "place": f"{file}:3",
        "layer": "",
        "variable": "xen/bridge/interface",
        "takes": SETTINGS["bridge.interface"].kind.takes,
        "meaning": SETTINGS["bridge.interface"].meaning,
        "effect": SETTINGS["bridge.interface"].effect,
    }
    assert rows["roots"]["value"] == [f"{tmp_path}/var/lib/xen"]


async def test_a_setting_is_changed_in_its_file_and_a_variable_in_the_registry(tmp_path: Path) -> None:
    file = tmp_path / "etc/xen/xend.toml"
    file.parent.mkdir(parents=True)
    file.write_text("stop_timeout = 5  # short\n")
    async with running_xend(tmp_path) as xend:
        changed = await change(xend, {"stop_timeout": "7", "qemu": "q"})
        assert [(row["name"], row["value"], row["wanted"], row["place"]) for row in changed["settings"]] == [
            ("stop_timeout", 7, 7, f"{file}:1"),
            ("qemu", "qemu-system-x86_64", "q", f"{file}:2"),
        ]
        assert changed["notes"] == []
        changed = await change(xend, {"xen/vnc/listen": "0.0.0.0", "xen/xendomains/autostart": "manually"})  # noqa: S104
        assert [row["wanted"] for row in changed["settings"]] == ["0.0.0.0", False]  # noqa: S104
        assert {row["layer"] for row in changed["settings"]} == {"xenia"}
        changed = await change(xend, {"vnc_listen": "::1", "vnc_password": "secret"})
        assert changed["notes"] == [f"{file} can be read by others: chmod 600 {file}"]
        assert changed["settings"][1]["wanted"] == "***"
        changed = await change(xend, {"xen/vnc/listen": "127.0.0.1"})
        assert changed["notes"] == [f"xen/vnc/listen has no effect: {file}:3 says vnc_listen"]
        changed = await change(xend, {"vnc_listen": None, "log_level": None})
        assert changed["notes"] == [f"log_level is not in {file}"]
        assert changed["settings"][0]["wanted"] == "127.0.0.1"
    assert file.read_text() == 'stop_timeout = 7  # short\nqemu = "q"\nvnc_password = "secret"\n'


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"stop_timout": "7"}, 404, "there is no setting 'stop_timout'"),
        ({"": "7"}, 404, "there is no setting ''"),
        *[
            ({name: "x\udcff"}, 422, f"{name} must be one line")
            for name in ("vnc_password", "qemu", "bridge.interface")
        ],
        ({"engine": "x\udcff"}, 422, "engine cannot be 'x"),
        ({"stop_timeout": "0"}, 422, "stop_timeout cannot be 0"),
        ({"stop_timeout": "7", "qemu": "q", "host_stop": "save"}, 422, "host_stop must have shutdown"),
        ({"xen/vnc/listen": "x"}, 422, "xen/vnc/listen cannot be 'x'"),
        ({"xen/vnc/password": "a\nb"}, 422, "xen/vnc/password must be one line"),
        ({"xen/server/http_server": "yes"}, 422, "is no setting: never opened"),
        ({"xen/vnc/listen": "::", "vnc_password": "x"}, 422, "not changed together"),
        ({}, 422, "at least 1"),
        ({"stop_timeout": 7}, 422, "string"),
    ],
)
async def test_what_cannot_be_changes_nothing(tmp_path: Path, changes: dict[str, Any], status: int, said: str) -> None:
    async with running_xend(tmp_path) as xend:
        answer = await xend.client.patch(
            "/v1/host/settings",
            content=json.dumps({"changes": changes}),  # half of a surrogate pair as well
            headers={"content-type": "application/json"},
        )
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert not (tmp_path / "etc").exists()


async def test_a_file_that_is_broken_is_not_changed(tmp_path: Path) -> None:
    async with running_xend(tmp_path) as xend:
        (tmp_path / "etc/xen").mkdir(parents=True)
        (tmp_path / "etc/xen/xend.toml").write_text("stop_timeout = \n")
        answer = await xend.client.patch("/v1/host/settings", json={"changes": {"stop_timeout": "7"}})
    assert answer.status_code == 422
    assert "xend.toml: Invalid value (at line 1" in answer.json()["detail"]
    assert (tmp_path / "etc/xen/xend.toml").read_text() == "stop_timeout = \n"


async def test_an_operator_may_not(tmp_path: Path) -> None:
    async with running_xend(tmp_path) as xend:
        with pytest.raises(XeniaError, match="needs the role administrator"):
            await xend.doors.settings.change({"stop_timeout": "7"}, Caller(1000, "op", Role.OPERATOR))


async def change(xend: Xend, changes: dict[str, str | None]) -> dict[str, Any]:
    answer = await xend.client.patch("/v1/host/settings", json={"changes": changes})
    assert answer.status_code == 200, answer.text
    plain: dict[str, Any] = answer.json()
    return plain
