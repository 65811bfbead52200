"""POST /host/settings/import, and the word that there is something to import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.xend import Xend, running_xend

OLD = "(vnc-listen '0.0.0.0')\n(vncpasswd 'secret')\n(network-script 'network-bridge netdev=eth1')\n"


async def imported(xend: Xend, text: str, **others: Any) -> dict[str, Any]:
    answer = await xend.client.post("/v1/host/settings/import", json={"text": text, "file": "/f"} | others)
    assert answer.status_code == 200, answer.text
    assert "secret" not in answer.text
    plain: dict[str, Any] = answer.json()
    return plain


def remarks(xend: Xend) -> tuple[str, ...]:
    return xend.doors.settings.keeper.report().remarks


async def test_it_is_shown_first_and_then_written(tmp_path: Path) -> None:
    file = tmp_path / "etc/xen/xend.toml"
    file.parent.mkdir(parents=True)
    file.write_text("# mine\n")
    async with running_xend(tmp_path) as xend:
        shown = await imported(xend, OLD)
        assert (file.read_text(), shown["written"]) == ("# mine\n", False)
        assert shown["diff"].splitlines()[3:] == [
            " # mine",
            '+vnc_listen = "0.0.0.0"',
            "+vnc_password = ***",
            "+",
            "+[bridge]",
            '+interface = "eth1"',
        ]
        done = await imported(xend, OLD, write=True)
        assert (done["diff"], done["written"]) == (shown["diff"], True)
        assert xend.doors.settings.keeper.settings.vnc_password == "secret"
        again = await imported(xend, OLD, write=True)
        assert (again["diff"], again["notes"]) == ("", [])
    assert file.read_text() == (
        '# mine\nvnc_listen = "0.0.0.0"\nvnc_password = "secret"\n\n[bridge]\ninterface = "eth1"\n'
    )


async def test_what_xend_toml_says_already_stays(tmp_path: Path) -> None:
    file = tmp_path / "etc/xen/xend.toml"
    file.parent.mkdir(parents=True)
    file.write_text('vnc_listen = "::1"\nvnc_password = "other"\n')
    async with running_xend(tmp_path) as xend:
        done = await imported(xend, OLD, write=True)
    assert done["notes"][0] == f'vnc_listen stays "::1": {file}:1 says so'
    assert "other" not in str(done)
    assert file.read_text().startswith('vnc_listen = "::1"\nvnc_password = "other"\n\n[bridge]\n')


async def test_a_file_of_the_registry_is_not_taken_over(tmp_path: Path) -> None:
    heading = "# Warning: This file is auto-generated and might be overwritten by\n#   univention-config-registry.\n"
    async with running_xend(tmp_path) as xend:
        done = await imported(xend, heading + OLD, write=True)
        assert (done["diff"], len(done["settings"])) == ("", 3)
        assert "xend reads the registry itself" in done["notes"][0]
    assert not (tmp_path / "etc").exists()


async def test_one_that_cannot_be_read_is_refused_with_its_place(tmp_path: Path) -> None:
    async with running_xend(tmp_path) as xend:
        answer = await xend.client.post("/v1/host/settings/import", json={"text": "(a\n(b 'c", "file": "/f"})
    assert answer.status_code == 422
    (complaint,) = answer.json()["complaints"]
    assert (complaint["file"], complaint["line"], complaint["column"]) == ("/f", 2, 4)


async def test_that_there_is_one_is_said_once_and_shown_until_it_is_imported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_xend(tmp_path) as xend:
        look = xend.doors.old_config.look
        await look()
        assert (remarks(xend), caplog.text.count("of old")) == ((), 0)
        (tmp_path / "etc/xen").mkdir(parents=True)
        (tmp_path / "etc/xen/xend-config.sxp").write_text(OLD)
        await look()
        await look()
        assert caplog.text.count("xm config import-xend shows what they become") == 1
        assert "xm config import-xend" in remarks(xend)[0]
        await imported(xend, OLD, write=True)
        await look()
        assert not [each for each in remarks(xend) if "import-xend" in each]


async def test_of_a_file_of_the_registry_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "etc/xen").mkdir(parents=True)
    (tmp_path / "etc/xen/xend-config.sxp").write_text("# made by univention-config-registry\n" + OLD)
    async with running_xend(tmp_path) as xend:
        await xend.doors.old_config.look()
        assert remarks(xend) == ()
