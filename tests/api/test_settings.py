"""GET /host/settings."""

from __future__ import annotations

from pathlib import Path

from tests.support.xend import running_xend

from xenia.settings.settings import SETTINGS


async def test_each_is_told_with_where_it_comes_from_and_without_passwords(tmp_path: Path) -> None:
    file = tmp_path / "etc/xen/xend.toml"
    file.parent.mkdir(parents=True)
    file.write_text('vnc_password = "secret"\n[bridge]\ninterface = "eth1"\n')
    async with running_xend(tmp_path) as xend:
        answer = await xend.get("/host/settings")
    assert "secret" not in answer.text
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
