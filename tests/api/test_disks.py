"""Disks of a domain that runs, over the socket."""

from typing import Any

import pytest
from tests.support.xend import Xend


async def test_a_disk_is_attached_shown_and_detached(xend: Xend) -> None:
    await xend.create("one")
    answer = await xend.post("/domains/one/block-attach", {"spec": "file:x.img,xvda,w", "folder": "/srv"}, wait=10)
    assert answer.status_code == 200, answer.text
    assert answer.json()["job"]["result"]["disk"]["path"] == "/srv/x.img"
    (disk,) = (await xend.get("/domains/one")).json()["config"]["disks"]
    assert (disk["target"], disk["path"]) == ("xvda", "/srv/x.img")
    answer = await xend.post("/domains/one/block-detach", {"device": "xvda"}, wait=10)
    assert (answer.status_code, answer.json()["job"]["result"]["file"]) == (200, "")
    assert (await xend.get("/domains/one")).json()["config"]["disks"] == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("one/block-attach", None, 422),
        ("one/block-attach", {}, 422),
        ("one/block-attach", {"spec": 7}, 422),
        ("one/block-attach", {"spec": "nonsense"}, 422),
        ("one/block-attach", {"spec": "file:/x,xvda,w", "unknown": 1}, 422),
        ("one/block-detach", {"device": "xvda", "force": "yes"}, 422),
        ("one/cd-insert", {"device": "hdc", "path": 1}, 422),
        ("one/cd-insert", {"device": "hdc"}, 422),
        ("one/cd-insert", {"device": "hdc", "path": "/x.iso"}, 404),
        ("one/cd-eject", {"device": "hdc"}, 404),
        ("one/cd-eject", None, 422),
        ("one/network-attach", {"spec": "mac=zz"}, 422),
        ("one/network-attach", {"spec": ["bridge=lan"]}, 422),
        ("one/network-detach", {}, 422),
        ("one/network-detach", {"card": "0"}, 404),
        ("one/block-detach", {"device": "../xvda"}, 404),
        ("nobody/block-attach", {"spec": "file:/x,xvda,w"}, 404),
        ("0/block-attach", {"spec": "file:/x,xvda,w"}, 422),
    ],
)
async def test_what_is_wrong_is_told(xend: Xend, path: str, body: Any, status: int) -> None:
    await xend.create("one")
    answer = await xend.post(f"/domains/{path}", body, wait=10)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
