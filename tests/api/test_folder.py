"""A folder of guest files over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.support.world import World, read_really
from tests.support.xend import Xend, running_xend

from xenia.api import peer
from xenia.model.caller import Caller, Role
from xenia.model.folder_plan import FolderPlan

WEB = "name = 'web'\nkernel = '/boot/vmlinuz'\nmemory = 256\n"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """That of the host and one with another memory for web."""
    for name in ("etc", "mine"):
        (tmp_path / name).mkdir()
    (tmp_path / "etc/web.cfg").write_text(WEB)
    (tmp_path / "mine/web.cfg").write_text(WEB.replace("256", "512"))
    return tmp_path / "etc", tmp_path / "mine"


@pytest.fixture
async def xend(tmp_path: Path, folders: tuple[Path, Path]) -> AsyncIterator[Xend]:
    async with running_xend(tmp_path, World(folder=folders[0], read=read_really)) as running:
        yield running


async def test_a_folder_is_planned_applied_and_taken_back(xend: Xend, folders: tuple[Path, Path]) -> None:
    etc, mine = folders
    plan = (await xend.post("/folder/plan", {"folder": str(mine)})).json()
    TypeAdapter(FolderPlan).validate_python(plan)
    assert [(row["file"], row["outcome"], row["written"]) for row in plan["rows"]] == [
        ("web.cfg", "changed at next start", True)
    ]
    answer = await xend.post("/folder/apply", {"folder": str(mine), "digest": plan["digest"]}, wait=10)
    assert answer.json()["job"]["result"] == {"written": ["web.cfg"], "changed": []}
    assert (etc / "web.cfg").read_text() == WEB.replace("256", "512")
    assert (await xend.post("/folder/undo", wait=10)).status_code == 200
    assert (etc / "web.cfg").read_text() == WEB


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("plan", {"folder": "/nonexistent"}, 404, "there is no folder /nonexistent"),
        ("plan", {"folder": "a\0b"}, 404, "there is no folder"),
        ("plan", {"folder": 7}, 422, "the request is not valid: body.folder"),
        ("apply", {"folder": ""}, 422, "the request is not valid: body.digest"),
        ("apply", {"folder": "", "digest": "other"}, 409, "something has changed since this was planned"),
        ("undo", None, 404, "there is no apply to take back"),
    ],
)
async def test_what_is_wrong_is_said(xend: Xend, path: str, body: Any, status: int, word: str) -> None:
    answer = (
        await xend.post(f"/folder/{path}", body, wait=10) if path != "plan" else await xend.post("/folder/plan", body)
    )
    assert answer.status_code == status, answer.text
    assert word in answer.json()["detail"]


@pytest.mark.parametrize(("path", "body"), [("plan", {}), ("apply", {"digest": "x"}), ("undo", None)])
async def test_operators_are_denied(xend: Xend, monkeypatch: pytest.MonkeyPatch, path: str, body: Any) -> None:
    monkeypatch.setattr(peer, "caller_of", lambda uid: Caller(uid, "eve", Role.OPERATOR))
    answer = await xend.post(f"/folder/{path}", body)
    assert answer.status_code == 403
