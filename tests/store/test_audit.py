"""The audit log is read from its end, whatever is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xenia.daemon.audit import AuditLog
from xenia.model.errors import ErrorKind, XeniaError
from xenia.store import audit
from xenia.store.audit import AuditTrail


def told(number: int, user: str = "ada") -> dict[str, Any]:
    return {
        "user": user,
        "role": "administrator",
        "address": "",
        "token": "",
        "method": "POST",
        "path": f"/v1/domains/d{number}/pause",
        "status": 200,
    }


def line(number: int, user: str = "ada") -> str:
    return json.dumps({"time": float(number), **told(number, user)}) + "\n"


def numbers(trail: AuditTrail, count: int, user: str = "") -> list[int]:
    return [int(deed.path.split("/")[3][1:]) for deed in trail.last(count, user)]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.log")
    for number in range(3):
        log.note(told(number, user="ol\ng\u00e4"))
    log.close()
    deeds = AuditTrail(tmp_path / "audit.log").last(2)
    assert [(each.user, each.path, each.status) for each in deeds] == [
        ("ol\ng\u00e4", "/v1/domains/d1/pause", 200),
        ("ol\ng\u00e4", "/v1/domains/d2/pause", 200),
    ]
    assert len(AuditTrail(tmp_path / "audit.log").last(9, "ol\ng\u00e4")) == 3


@pytest.mark.parametrize("piece", [1, 7, 100, 1 << 16])
def test_the_last_are_told_the_oldest_first_across_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(audit, "_PIECE", piece)
    path = tmp_path / "audit.log"
    for name, some in (("audit.log.2", range(4)), ("audit.log.1", range(4, 8)), ("audit.log", range(8, 10))):
        (tmp_path / name).write_text("".join(line(number, "ada" if number % 2 else "olga") for number in some))
    assert numbers(AuditTrail(path), 3) == [7, 8, 9]
    assert numbers(AuditTrail(path), 0) == []
    assert numbers(AuditTrail(path), 100) == list(range(10))
    assert numbers(AuditTrail(path), 3, "olga") == [4, 6, 8]
    assert numbers(AuditTrail(path), 3, "nobody") == []


def test_of_one_domain_by_its_name_or_its_uuid(tmp_path: Path) -> None:
    paths = [
        "/v1/domains/web/pause",
        "/v1/domains/web2/pause",
        "/v1/domains/0b17/unpause?wait=20",
        "/v1/domains",
        "/v1/domains/web",
        "/v1/jobs/web/cancel",
        "/v1/domains/gr%C3%BCn/pause",
        "/v1/domains/%/pause",
    ]
    log = AuditLog(tmp_path / "audit.log")
    for number, path in enumerate(paths):
        log.note({**told(number), "path": path})
    log.close()
    trail = AuditTrail(tmp_path / "audit.log")
    assert [deed.path for deed in trail.last(9, refs=("web", "0b17"))] == [paths[0], paths[2], paths[4]]
    assert [deed.path for deed in trail.last(2, "ada", ("web", "0b17"))] == [paths[2], paths[4]]
    assert trail.last(9, "olga", ("web",)) == ()
    assert [deed.path for deed in trail.last(9, refs=("gr\u00fcn",))] == [paths[6]]
    assert [deed.path for deed in trail.last(9, refs=("%",))] == [paths[7]]


@pytest.mark.parametrize(
    "other",
    [
        '{"time": 3.0, "user": "ada", "ro',
        "\0" * 5000,
        "[1, 2]\n",
        '{"time": "x", "user": "a", "role": "", "address": "", "token": "", "method": "", "path": "", "status": 1}\n',
        '{"time": 1, "user": 5, "role": "", "address": "", "token": "", "method": "", "path": "", "status": 1}\n',
        "[" * 100_000,
        "\n\n",
        "\xff\xfe\n",
    ],
)
def test_what_is_no_line_is_passed_over(tmp_path: Path, other: str) -> None:
    (tmp_path / "audit.log").write_bytes((line(1) + line(2) + other).encode("latin-1"))
    assert numbers(AuditTrail(tmp_path / "audit.log"), 5) == [1, 2]


def test_an_endless_line_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_LONGEST", 1000)
    monkeypatch.setattr(audit, "_PIECE", 500)
    (tmp_path / "audit.log").write_text(line(1) + "x" * 100_000 + "\n" + line(2))
    assert numbers(AuditTrail(tmp_path / "audit.log"), 5)[-1] == 2


def test_there_may_be_none_yet(tmp_path: Path) -> None:
    assert AuditTrail(tmp_path / "audit.log").last(5) == ()


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "audit.log").mkdir()
    with pytest.raises(XeniaError) as raised:
        AuditTrail(tmp_path / "audit.log").last(5)
    assert raised.value.kind is ErrorKind.UNAVAILABLE
