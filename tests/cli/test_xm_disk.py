from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem

from xenia.cli.disk.table import TABLE
from xenia.cli.disk.words import shown_size, size
from xenia.model.operations import IMAGE_OPERATIONS

CREATE = "POST /images?wait=0.3"
MADE = {"image": {"path": "/i/web", "format": "raw", "size": 10 << 30, "allocated": 0}, "free": 5 << 30, "notes": []}


def image(path: str, **others: Any) -> dict[str, Any]:
    plain = {"path": path, "format": "raw", "size": 1 << 30, "allocated": 0, "backing": "", "problem": ""}
    return {**plain, "users": [], "clones": [], "volume": None, **others}


def test_the_table_says_what_the_model_says() -> None:
    assert {f"disk {entry.name}": entry.summary for entry in TABLE} == {
        name: operation.sentence for name, operation in IMAGE_OPERATIONS.items()
    }


@pytest.mark.parametrize(
    ("word", "count"), [("512", 512 << 20), ("10g", 10 << 30), ("1.5g", 3 << 29), ("7b", 7), ("1T", 1 << 40)]
)
def test_sizes_are_in_mib_or_what_their_letter_says(word: str, count: int) -> None:
    assert size(word) == count


@pytest.mark.parametrize("word", ["", "g", "-1", "1x", "1.", "1.g", "x", "٣", "1" * 30])
def test_what_is_no_size_is_refused(xm: Xm, capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert xm("disk", "create", "web", "--", word) == 2
    assert capsys.readouterr().err


def test_sizes_are_shown_short() -> None:
    assert [shown_size(count) for count in (0, 100, 1536, 3 << 29, 10 << 30)] == [
        *("0", "100 B", "1.5 KiB", "1.5 GiB", "10 GiB")
    ]


def test_create_sends_bytes_and_names_as_they_are_meant(
    xend: FakeXend, xm: Xm, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes[CREATE] = {"job": job("disk create", result=MADE)}
    assert xm("disk", "create", "web", "10g") == 0
    assert capsys.readouterr().out == "/i/web: raw, 10 GiB, takes 0 now; 5 GiB free\n"
    assert xm("disk", "create", "-f", "qcow2", "-b", "../base", "./web", "-p") == 0
    first, second = (body for _, _, body in xend.requests)
    plain = {"path": "web", "size": 10 << 30, "format": None, "backing": "", "preallocate": False}
    plain |= {"pool": "", "wipe": True}
    assert first == plain
    here = Path.cwd()
    assert second == {
        **plain,
        "path": str(here / "web"),
        "size": None,
        "format": "qcow2",
        "backing": str(here.parent / "base"),
        "preallocate": True,
    }


def test_create_without_size_and_base_is_a_mistake(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("disk", "create", "web") == 2
    assert "hint: xm disk create web 10g" in capsys.readouterr().err


def test_the_list_has_no_empty_cell_and_says_what_is_wrong(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    user = {"domain": "web", "target": "xvda", "runs": True}
    images = [image("/i/a\x1b", users=[user]), image("/i/b", clones=["/i/c"]), image("/i/c", problem="it is damaged")]
    folders = [{"path": "/i", "free": 1 << 40}]
    xend.routes["GET /images"] = {"images": images, "folders": folders, "groups": [], "partial": False}
    assert xm("disk", "list") == 0
    said = capsys.readouterr()
    assert said.out == (
        "Image     Format  Size   Taken  Used by\n"
        "/i/a\\x1b  raw     1 GiB  0      web (xvda, runs)\n"
        "/i/b      raw     1 GiB  0      1 based on it\n"
        "/i/c      raw     1 GiB  0      -\n"
    )
    assert said.err == "xm: /i: 1 TiB free\nxm: /i/c cannot be used: it is damaged\n"
    assert xm("disk", "list", "--unused", "-o", "json") == 0
    assert [each["path"] for each in json.loads(capsys.readouterr().out)["images"]] == ["/i/c"]


def test_info_tells_the_chain_and_the_partitions(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    partition = {"number": 1, "start": 1 << 20, "size": 1 << 29, "content": "swap space", "active": True}
    xend.routes["GET /images/info?path=web.qcow2"] = {
        "image": image("/i/web.qcow2", format="qcow2", clones=["/i/x", "/i/y"]),
        "chain": [image("/i/base"), image("/i/gone", problem="it does not exist")],
        "layout": {"table": "mbr", "partitions": [partition], "content": "", "problem": ""},
        "used": "writing",
        "protected": False,
        "free": 0,
        "notes": ["beware"],
        "group": None,
        "snapshots": [],
    }
    assert xm("disk", "info", "web.qcow2") == 0
    said = capsys.readouterr()
    assert said.err == "xm: beware\n"
    assert said.out == (
        "/i/web.qcow2\n"
        "  format     qcow2\n"
        "  size       1 GiB (1073741824 bytes)\n"
        "  taken      0; 0 free where it lies\n"
        "  used by    -\n"
        "  open       open for writing\n"
        "  based on   /i/base (raw, takes 0)\n"
        "             /i/gone (it does not exist)\n"
        "  base of    /i/x\n"
        "             /i/y\n"
        "  partitions MBR\n"
        "      1    512 MiB from 1 MiB on: swap space, active\n"
    )


def test_what_fails_ends_with_its_code(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[CREATE] = problem("there is a file web already", kind="conflict", status=409, exit_code=5)
    assert xm("disk", "create", "web", "10g") == 5
    assert "there is a file web already" in capsys.readouterr().err


def test_clone_and_delete_say_what_became_of_it(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /images/clone?wait=0.3"] = {"job": job("disk clone", result=MADE)}
    assert xm("disk", "clone", "--full", "base", "web") == 0
    assert capsys.readouterr().out == "/i/web: raw, 10 GiB, takes 0 now; 5 GiB free\n"
    result = {"path": "/i/web", "notes": ["nothing is based on /i/base any more"]}
    xend.routes["POST /images/delete?wait=0.3"] = {"job": job("disk delete", result=result)}
    assert xm("disk", "rm", "web") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("/i/web is gone\n", "xm: nothing is based on /i/base any more\n")
    bodies = [body for _, _, body in xend.requests]
    assert bodies == [{"source": "base", "target": "web", "full": True, "pool": ""}, {"path": "web", "force": False}]


def test_check_ends_with_1_while_errors_remain(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    route = "POST /images/check?wait=0.3"
    found = {"errors": 0, "leaks": 0, "repaired": 0, "freed": 0, "allocated": 1, "total": 2}
    xend.routes[route] = {"job": job("disk check", result={"path": "/i/web", "check": found, "notes": []})}
    assert xm("disk", "check", "web") == 0
    assert capsys.readouterr().out == "/i/web: sound\n"
    found |= {"errors": 2, "leaks": 3, "repaired": 1}
    xend.routes[route] = {"job": job("disk check", result={"path": "/i/web", "check": found, "notes": []})}
    assert xm("disk", "check", "--repair", "web") == 1
    said = capsys.readouterr()
    text = "/i/web: 1 error repaired; 2 errors: what its guest reads may be wrong; 3 clusters lost"
    assert said.out.startswith(text)
    assert said.err == ""
    assert xm("disk", "check", "web") == 1
    assert "--repair" in capsys.readouterr().err
    assert xend.requests[1][2] == {"path": "web", "repair": True}


def test_convert_sends_what_is_meant(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /images/convert?wait=0.3"] = {"job": job("disk convert", result={**MADE, "notes": ["read"]})}
    assert xm("disk", "convert", "--raw", "-f", "qcow2", "./old", "web") == 0
    old = str(Path.cwd() / "old")
    wanted = {"source": old, "target": "web", "format": "qcow2", "raw": True, "pool": ""}
    assert xend.requests[0][2] == wanted
    assert capsys.readouterr().err == "xm: read\n"


def test_export_tells_where_and_follows_its_job(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    running = {**job("disk export"), "state": "running", "cancellable": True}
    xend.routes["POST /images/export?wait=0.3"] = {"job": running}
    ended = {**running, "state": "failed", "error": problem("it has ended", "engine_failed").body}
    xend.routes[f"GET /jobs/{running['id']}?wait=30"] = {"job": ended}
    assert xm("disk", "export", "--listen", "127.0.0.1:10809", "web") != 0
    said = capsys.readouterr()
    assert said.out == "nbd://127.0.0.1:10809\n"
    assert "it has ended" in said.err
    assert xend.requests[0][2] == {"path": "web", "listen": "127.0.0.1:10809", "raw": False}


def test_partition_shows_or_makes(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"number": 1, "start": 1 << 20, "size": 1 << 30, "content": "", "active": True}
    layout = {"table": "gpt", "partitions": [row], "content": "", "problem": ""}
    shown = "/i/web\n  partitions GPT\n      1      1 GiB from 1 MiB on: nothing that is known here, active\n"
    xend.routes["GET /images/info?path=web"] = {"image": image("/i/web"), "layout": layout, "notes": []}
    assert xm("disk", "partition", "web") == 0
    assert capsys.readouterr().out == shown
    result = {"path": "/i/web", "layout": layout, "notes": []}
    xend.routes["POST /images/partition?wait=0.3"] = {"job": job("disk partition", result=result)}
    assert xm("disk", "partition", "--table", "gpt", "--add", "512m,efi", "--add", "rest,boot", "web") == 0
    assert capsys.readouterr().out == shown
    assert xend.requests[-1][2] == {
        "path": "web",
        "table": "gpt",
        "partitions": [
            {"size": 512 << 20, "kind": "efi", "boot": False},
            {"size": None, "kind": "linux", "boot": True},
        ],
        "force": False,
    }
    assert xm("disk", "partition", "--add", "1g", "web") == 2
    assert xm("disk", "partition", "--table", "gpt", "--add", "1g,zfs", "web") == 2


def test_resize_sends_bytes(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /images/resize?wait=0.3"] = {"job": job("disk resize", result=MADE)}
    assert xm("disk", "resize", "web", "10g") == 0
    assert capsys.readouterr().out == "/i/web: raw, 10 GiB, takes 0 now; 5 GiB free\n"
    assert xm("disk", "resize", "--shrink", "web", "5g") == 0
    sent = [body for _, _, body in xend.requests]
    assert sent == [
        {"path": "web", "size": 10 << 30, "shrink": False, "wipe": True},
        {"path": "web", "size": 5 << 30, "shrink": True, "wipe": True},
    ]


def test_a_volume_is_shown_with_what_lvm_tells(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    volume = {"group": "vg0", "name": "web", "kind": "thin", "pool": "pool0", "origin": "base", "filled": 12.5}
    pool = {"name": "pool0", "size": 4 << 30, "promised": 8 << 30, "data": 25.0, "metadata": 3.25, "zeroes": True}
    group = {"name": "vg0", "size": 10 << 30, "free": 6 << 30, "pools": [pool], "problem": ""}
    shown = image("/dev/vg0/web", allocated=1 << 27, volume=volume)
    groups = [group, {"name": "vg9", "pools": [], "problem": "there is none"}]
    xend.routes["GET /images"] = {"images": [shown], "folders": [], "groups": groups, "partial": False}
    assert xm("disk", "list") == 0
    said = capsys.readouterr()
    assert said.out == (
        "Image         Format      Size   Taken             Used by\n"
        "/dev/vg0/web  raw (thin)  1 GiB  128 MiB (12.5 %)  -\n"
    )
    of_pool = "thin pool vg0/pool0: 25.0 % of 4 GiB taken, 3.2 % of its metadata; its volumes have 8 GiB"
    assert said.err == (
        f"xm: volume group vg0: 6 GiB of 10 GiB free\nxm: {of_pool}\nxm: volume group vg9: there is none\n"
    )
    layout = {"table": "", "partitions": [], "content": "", "problem": ""}
    info = {"image": shown, "chain": [], "layout": layout, "used": "", "protected": False, "free": 3 << 30}
    info |= {"notes": [], "group": group, "snapshots": ["/dev/vg0/copy"]}
    xend.routes["GET /images/info?path=%2Fdev%2Fvg0%2Fweb"] = info
    assert xm("disk", "info", "/dev/vg0/web") == 0
    out = capsys.readouterr().out
    assert f"  volume     thin, volume group vg0: 6 GiB of 10 GiB free\n  pool       {of_pool}\n" in out
    assert "  began as   /dev/vg0/base, which it does not need\n" in out
    assert "  origin of  /dev/vg0/copy\n" in out


def test_what_is_said_of_a_volume_is_sent(xend: FakeXend, xm: Xm) -> None:
    xend.routes[CREATE] = {"job": job("disk create", result=MADE)}
    xend.routes["POST /images/resize?wait=0.3"] = {"job": job("disk resize", result=MADE)}
    assert xm("disk", "create", "--thin", "pool0", "/dev/vg0/web", "10g") == 0
    assert xm("disk", "create", "--no-wipe", "/dev/vg0/web", "10g") == 0
    assert xm("disk", "resize", "--no-wipe", "/dev/vg0/web", "20g") == 0
    thin, thick, larger = (body for _, _, body in xend.requests)
    assert (thin["pool"], thin["wipe"], thick["pool"], thick["wipe"], larger["wipe"]) == (
        *("pool0", True),
        *("", False),
        False,
    )
