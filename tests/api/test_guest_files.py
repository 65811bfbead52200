"""Guest files over the API: ETags, edits, versions, and who may."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.support.world import World, read_really
from tests.support.xend import Xend, running_xend

from xenia.api import peer
from xenia.api.answers import DifferenceList, GuestFileList, RunningAnswer, VersionAnswer, VersionList
from xenia.model.caller import Caller, Role
from xenia.model.guest_file import Saved, Shown

WEB = """\
# The web server.
name = "web"
type = "pvh"
kernel = "/boot/vmlinuz"
memory = 256  # MiB
disk = ['phy:/dev/vg/web,xvda,w']
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    folder.mkdir()
    (folder / "web.cfg").write_text(WEB)
    return folder


@pytest.fixture
async def xend(tmp_path: Path, folder: Path) -> AsyncIterator[Xend]:
    async with running_xend(tmp_path, World(folder=folder, read=read_really)) as running:
        yield running


async def start(xend: Xend, folder: Path, name: str = "web") -> None:
    file = folder / f"{name}.cfg"
    answer = await xend.post("/domains", {"text": file.read_text(), "file": str(file)}, wait=10)
    assert answer.status_code == 200, answer.text


async def patch(xend: Xend, ref: str, *changes: tuple[str, ...], etag: str | None = None) -> Any:
    body = {"changes": [dict(zip(("action", "key", "value"), change, strict=False)) for change in changes]}
    headers = {"if-match": f'"{etag}"'} if etag else {}
    return await xend.client.patch(f"/v1/guest-files/{ref}", json=body, headers=headers)


async def test_a_file_is_shown_as_it_is(xend: Xend, folder: Path) -> None:
    answer = await xend.get("/guest-files/web")
    shown = answer.json()
    assert answer.headers["etag"] == f'"{shown["etag"]}"'
    assert (shown["file"], shown["text"], shown["domain"]) == (str(folder / "web.cfg"), WEB, "web")
    assert shown["values"]["memory"] == 256


async def test_an_edit_is_written_and_kept_with_who_did_what(xend: Xend, folder: Path) -> None:
    (folder / "web.cfg").chmod(0o640)
    saved = (await patch(xend, "web", ("set", "memory", "512"), ("add", "disk", "phy:/dev/vg/b,xvdb,w"))).json()
    assert saved["changed"]
    new = (folder / "web.cfg").read_text()
    assert new == WEB.replace("256", "512").replace("w']", "w', 'phy:/dev/vg/b,xvdb,w']")
    assert (folder / "web.cfg").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in folder.iterdir()] == ["web.cfg"]
    kept = (await xend.get("/guest-files/web.cfg/versions")).json()["versions"]
    assert [each["what"] for each in kept] == ["first seen", "set memory=512; add disk phy:/dev/vg/b,xvdb,w"]
    assert kept[1]["who"] == peer.caller_of(os.geteuid()).name
    assert kept[1]["etag"] == saved["etag"]
    assert (await xend.get("/guest-files/web/versions/1")).json() == {"text": WEB}


async def test_an_edit_of_a_content_that_is_no_more_is_refused(xend: Xend, folder: Path) -> None:
    etag = (await xend.get("/guest-files/web")).json()["etag"]
    (folder / "web.cfg").write_text(WEB + "\n")
    refused = await patch(xend, "web", ("set", "memory", "512"), etag=etag)
    assert refused.status_code == 409
    assert "changed by somebody else" in refused.json()["detail"]
    assert (folder / "web.cfg").read_text() == WEB + "\n"


async def test_what_an_editor_did_is_kept_before_it_is_changed_again(xend: Xend, folder: Path) -> None:
    (folder / "web.cfg").write_text(WEB.replace("256", "300"))
    await patch(xend, "web", ("set", "memory", "512"))
    kept = (await xend.get("/guest-files/web/versions")).json()["versions"]
    assert [each["what"] for each in kept] == ["first seen", "changed outside of xend", "set memory=512"]
    assert (await xend.post("/guest-files/web/revert", {})).json()["changed"]
    assert (folder / "web.cfg").read_text() == WEB.replace("256", "300")
    assert (await xend.post("/guest-files/web/revert", {"version": 1})).json()["version"] == 5
    assert (folder / "web.cfg").read_text() == WEB


async def test_a_removed_file_comes_back_by_its_history(xend: Xend, folder: Path) -> None:
    await xend.get("/guest-files/web/versions")
    (folder / "web.cfg").unlink()
    await xend.get("/domains", all=True)
    kept = (await xend.get("/guest-files/web/versions")).json()["versions"]
    assert [each["what"] for each in kept] == ["first seen", "removed outside of xend"]
    assert (await xend.post("/guest-files/web/revert", {})).json()["changed"]
    assert (folder / "web.cfg").read_text() == WEB


async def test_a_file_is_made_and_replaced_by_its_etag_only(xend: Xend, folder: Path) -> None:
    put = xend.client.put
    made = await put("/v1/guest-files/new.cfg", json={"text": "name='new'\n"})
    assert made.status_code == 200
    assert made.json()["complaints"]  # no kernel: said, and written all the same
    assert (folder / "new.cfg").stat().st_mode & 0o777 == 0o600
    assert (await put("/v1/guest-files/new.cfg", json={"text": ""})).status_code == 409
    replaced = await put("/v1/guest-files/new.cfg", json={"text": WEB}, headers={"if-match": made.headers["etag"]})
    assert replaced.json()["domain"] == "web"
    for name in ("new", ".cfg", "a%2fb.cfg", "..%2fx.cfg", f"{'x' * 220}.cfg"):
        assert (await put(f"/v1/guest-files/{name}", json={"text": ""})).status_code in (404, 422), name


async def test_a_latin_1_file_stays_one(xend: Xend, folder: Path) -> None:
    (folder / "web.cfg").write_bytes(("# Bücher\r\n" + WEB).encode("latin-1"))
    await patch(xend, "web", ("set", "memory", "512"))
    assert (folder / "web.cfg").read_bytes() == ("# Bücher\r\n" + WEB.replace("256", "512")).encode("latin-1")
    refused = await patch(xend, "web", ("set", "extra", "日本"))
    assert refused.status_code == 422
    assert "is in Latin-1" in refused.json()["detail"]


async def test_a_link_is_followed_and_stays(xend: Xend, folder: Path, tmp_path: Path) -> None:
    (folder / "web.cfg").rename(tmp_path / "elsewhere")
    (folder / "web.cfg").symlink_to(tmp_path / "elsewhere")
    await patch(xend, "web", ("set", "memory", "512"))
    assert (folder / "web.cfg").is_symlink()
    assert "512" in (tmp_path / "elsewhere").read_text()


async def test_two_files_of_one_domain_are_named_by_file_or_by_what_was_started_last(xend: Xend, folder: Path) -> None:
    (folder / "web-install.cfg").write_text(WEB)
    refused = await xend.get("/guest-files/web")
    assert refused.status_code == 200, "a file of that name"
    (folder / "web.cfg").rename(folder / "web-run.cfg")
    refused = await xend.get("/guest-files/web")
    assert refused.status_code == 409
    assert refused.json()["detail"] == "domain 'web' is defined by 2 files: web-install.cfg, web-run.cfg"
    await start(xend, folder, "web-run")
    assert (await xend.get("/guest-files/web")).json()["file"].endswith("web-run.cfg")
    rows = {row["name"]: row for row in (await xend.get("/domains", all=True)).json()["domains"]}
    assert [Path(file).name for file in rows["web"]["files"]] == ["web-install.cfg", "web-run.cfg"]


async def test_a_broken_file_is_listed_with_its_problem(xend: Xend, folder: Path) -> None:
    (folder / "broken.cfg").write_text("name = 'broken\n")
    rows = {row["name"]: row for row in (await xend.get("/domains", all=True)).json()["domains"]}
    assert rows["broken"]["problem"].startswith(f"{folder}/broken.cfg:1:")
    files = (await xend.get("/guest-files")).json()["files"]
    assert [(Path(each["file"]).name, each["domain"], bool(each["problem"])) for each in files] == [
        ("broken.cfg", "", True),
        ("web.cfg", "web", False),
    ]
    assert (await xend.get("/guest-files/broken")).json()["text"] == "name = 'broken\n"
    assert (await patch(xend, "broken", ("set", "memory", "1"))).status_code == 422


async def test_what_runs_is_compared_with_its_file(xend: Xend, folder: Path) -> None:
    assert (await xend.get("/domains/web/differences")).status_code == 409
    await start(xend, folder)
    assert (await xend.get("/domains/web/differences")).json()["differences"] == []
    saved = await patch(
        xend, "web", ("set", "memory", "512"), ("set", "on_crash", "preserve"), ("remove", "disk", "xvda"),
        ("add", "disk", "phy:/dev/vg/other,xvda,r"),
    )  # fmt: skip
    found = (await xend.get("/domains/web/differences")).json()["differences"]
    assert saved.json()["pending"] == found
    assert [(each["key"], each["wanted"], each["running"], each["when"]) for each in found] == [
        ("memory", "512", "256", "at next start"),
        ("disk", "", "format=raw,vdev=xvda,access=rw,target=/dev/vg/web", "at next start"),
        ("disk", "format=raw,vdev=xvda,access=ro,target=/dev/vg/other", "", "at next start"),
        ("on_crash", "preserve", "restart", "now"),
    ]
    text = (await xend.get("/domains/web/guest-file")).json()["text"]
    running = await read_really(text, "web.cfg", ())
    assert running.config is not None
    assert (running.config.memory, running.config.uuid is not None) == (256, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("GET", "/guest-files/nobody", None, 404, "there is no guest file 'nobody'"),
        ("GET", "/guest-files/nobody/versions", None, 404, "there is no guest file 'nobody'"),
        ("GET", "/guest-files/web/versions/77", None, 404, "there is no version 77 of web.cfg"),
        ("POST", "/guest-files/web/revert", {"version": 77}, 404, "there is no version 77"),
        ("POST", "/guest-files/web/revert", {}, 409, "there is no earlier version"),
        ("PATCH", "/guest-files/web", {"changes": []}, 422, "the request is not valid: body.changes"),
        ("PATCH", "/guest-files/web", {"changes": [{"action": "eat", "key": "a"}]}, 422, "the request is not valid"),
        ("PATCH", "/guest-files/web", {"changes": [{"action": "set", "key": "memroy", "value": "1"}]}, 422, "memroy"),
        ("GET", "/domains/nobody/differences", None, 404, "there is no domain 'nobody'"),
        ("GET", "/domains/0/guest-file", None, 409, "domain 'Domain-0' does not run"),
    ],
)
async def test_what_is_wrong_is_said(xend: Xend, method: str, path: str, body: Any, status: int, word: str) -> None:
    answer = await xend.client.request(method, f"/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    assert word in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/guest-files", None),
        ("GET", "/guest-files/web", None),
        ("PATCH", "/guest-files/web", {"changes": [{"action": "set", "key": "memory", "value": "1"}]}),
        ("PUT", "/guest-files/x.cfg", {"text": ""}),
        ("GET", "/guest-files/web/versions", None),
        ("GET", "/guest-files/web/versions/1", None),
        ("POST", "/guest-files/web/revert", {}),
        ("GET", "/domains/web/guest-file", None),
        ("GET", "/domains/web/differences", None),
    ],
)
async def test_operators_are_denied(
    xend: Xend, folder: Path, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any
) -> None:
    monkeypatch.setattr(peer, "caller_of", lambda uid: Caller(uid, "eve", Role.OPERATOR))
    answer = await xend.client.request(method, f"/v1{path}", json=body)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("eve may not")
    assert (folder / "web.cfg").read_text() == WEB


async def test_operators_are_not_told_what_a_file_says(
    xend: Xend, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken.cfg").write_text("name = 'broken'\nkernel = '/k'\nmemory = 's3cret'\n")
    assert "s3cret" in (await xend.get("/domains", all=True)).text
    monkeypatch.setattr(peer, "caller_of", lambda uid: Caller(uid, "eve", Role.OPERATOR))
    assert "s3cret" not in (await xend.get("/domains", all=True)).text
    assert "s3cret" not in (await xend.get("/domains/broken")).text


async def test_answers_are_as_the_document_says(xend: Xend, folder: Path) -> None:
    await start(xend, folder)
    for path, answer in (
        ("/guest-files", GuestFileList),
        ("/guest-files/web", Shown),
        ("/guest-files/web/versions", VersionList),
        ("/guest-files/web/versions/1", VersionAnswer),
        ("/domains/web/guest-file", RunningAnswer),
        ("/domains/web/differences", DifferenceList),
    ):
        TypeAdapter(answer).validate_python((await xend.get(path)).json())
    TypeAdapter(Saved).validate_python((await patch(xend, "web", ("set", "memory", "512"))).json())


async def test_a_domain_is_defined_and_deleted(xend: Xend, folder: Path) -> None:
    body = {"text": WEB, "file": "/home/me/web.cfg", "overrides": ["name=shop"]}
    answer = await xend.post("/guest-files", body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["etag"]}"'
    TypeAdapter(Saved).validate_python(answer.json())
    assert (folder / "shop.cfg").read_text() == WEB.replace('"web"', '"shop"')
    assert (await xend.post("/guest-files", body)).status_code == 409
    gone = await xend.client.delete("/v1/guest-files/shop")
    assert (gone.status_code, gone.json()["domain"]) == (200, "shop")
    assert (await xend.client.delete("/v1/guest-files/shop")).status_code == 404
