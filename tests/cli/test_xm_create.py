from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.conftest import Xm
from tests.cli.fake_xend import UUID, Answer, FakeXend, job, problem

from xenia.guestfile.text import LIMIT
from xenia.lib.codec import to_plain
from xenia.model.boot import Boot
from xenia.model.disk import Disk, DiskBus, DiskMode
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, Kind
from xenia.model.vif import Vif

CREATE = "POST /domains"
RESULT = {"domain": "web", "uuid": UUID, "domid": 3, "complaints": []}
WARNING = {
    "severity": "warning",
    "message": "unknown key 'memry'",
    "file": "/etc/xen/web.cfg",
    "line": 3,
    "column": 3,
    "text": "\t memry = 5",
    "hint": "did you mean memory?",
}
NOTE = {
    **WARNING,
    "severity": "note",
    "message": "has no effect here",
    "line": 0,
    "column": 0,
    "text": "",
    "hint": None,
}


@pytest.fixture
def guest_file(xend: FakeXend) -> Path:
    path = xend.root / "etc/xen/web.cfg"
    path.write_text('name = "wäb"\n', encoding="utf-8")
    xend.routes[CREATE] = {"job": job("create", result=RESULT)}
    return path


def sent(xend: FakeXend) -> dict[str, Any]:
    (body,) = [body for method, _, body in xend.requests if method == "POST"]
    return dict(body)


def test_create_speaks_as_xm_did(guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("create", str(guest_file)) == 0
    assert capsys.readouterr() == (f'Using config file "{guest_file}".\nStarted domain web (id=3)\n', "")
    assert sent(xend) == {"text": 'name = "wäb"\n', "file": str(guest_file), "overrides": [], "paused": False}


@pytest.mark.parametrize("words", [["web"], ["web.cfg"], ["-f", "web"], ["./etc/xen/web.cfg"], ["etc/../etc/xen/web"]])
def test_a_guest_file_is_found_by_path_and_by_name(guest_file: Path, xend: FakeXend, xm: Xm, words: list[str]) -> None:
    assert xm("create", *words) == 0
    assert sent(xend)["file"] == str(guest_file)


def test_the_current_folder_comes_before_etc_xen(guest_file: Path, xend: FakeXend, xm: Xm) -> None:
    Path("web.cfg").write_text("# here", encoding="utf-8")
    assert xm("create", "web") == 0
    assert sent(xend)["text"] == "# here"


def test_path_names_the_folders_instead(guest_file: Path, xend: FakeXend, xm: Xm) -> None:
    Path("other").mkdir()
    Path("other/web").write_text("# other", encoding="utf-8")
    Path("web").mkdir()
    assert xm("create", "web", "--path", "nosuch::other") == 0
    assert sent(xend)["text"] == "# other"


def test_overrides_and_options_may_be_mixed(guest_file: Path, xend: FakeXend, xm: Xm) -> None:
    assert xm("create", "-q", "web", "memory=512", "-p", 'boot="d"', "disk=['a=b']") == 0
    assert sent(xend)["overrides"] == ["memory=512", 'boot="d"', "disk=['a=b']"]
    assert sent(xend)["paused"] is True


def test_a_file_that_is_not_utf_8_is_latin_1(guest_file: Path, xend: FakeXend, xm: Xm) -> None:
    guest_file.write_bytes(b"# f\xfcr alle\r\n\x00")
    assert xm("create", "web") == 0
    assert sent(xend)["text"] == "# für alle\r\n\x00"


def test_a_file_that_is_not_there_names_the_places_and_the_nearest(
    guest_file: Path, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("create", "webb") == 3
    err = capsys.readouterr().err
    assert f"webb, webb.cfg, {guest_file.parent}/webb, {guest_file.parent}/webb.cfg" in err
    assert "did you mean web?" in err
    assert xm("create", "/nosuch/zzz.cfg") == 3
    assert "xm list --all" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "etc", "/dev/zero", "big.cfg", "a\nb", "x" * 300, "nul\x00"])
def test_what_can_be_no_guest_file_is_refused(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Path("big.cfg").write_bytes(b"#" * (LIMIT + 1))
    assert xm("create", name) in (1, 2, 3)
    assert "internal" not in capsys.readouterr().err
    assert xend.requests == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_denied(guest_file: Path, xm: Xm) -> None:
    guest_file.chmod(0)
    assert xm("create", "web") == 4


def test_a_path_that_is_not_utf_8_is_refused(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"\xff.cfg")
    Path(name).write_text("", encoding="utf-8")
    assert xm("create", name) == 1
    assert "is not in UTF-8" in capsys.readouterr().err


def test_remarks_have_their_place_the_line_and_a_caret(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes[CREATE] = {"job": job("create", result={**RESULT, "complaints": [WARNING, NOTE]})}
    assert xm("create", "web") == 0
    assert capsys.readouterr().err == (
        "/etc/xen/web.cfg:3:3: warning: unknown key 'memry'\n"
        "    3 |   memry = 5\n"
        "      |   ^\n"
        "  hint: did you mean memory?\n"
    )
    xm("create", "web", "-v")
    assert "/etc/xen/web.cfg: note: has no effect here\n" in capsys.readouterr().err
    xm("create", "web", "-q")
    assert capsys.readouterr() == ("", "")


def test_a_bad_guest_file_is_told_with_all_its_complaints(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {**WARNING, "severity": "error", "text": "x" * 500 + "\x1b]0;evil", "column": 505, "message": "a\x1bb"}
    xend.routes[CREATE] = problem("the guest file cannot be used", "invalid", 422, 1, complaints=[bad])
    assert xm("create", "web") == 1
    err = capsys.readouterr().err
    assert "/etc/xen/web.cfg:3:505: error: a\\x1bb\n" in err
    assert err.endswith("xm: the guest file cannot be used\n")
    assert "\x1b" not in err
    excerpt, caret = err.splitlines()[1:3]
    assert len(excerpt) < 140
    assert excerpt[caret.index("^")] == "e"


def test_what_was_said_with_its_place_is_not_said_again(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {**WARNING, "severity": "error"}
    xend.routes[CREATE] = problem(bad["message"], "invalid", 422, 1, hint=bad["hint"], complaints=[bad])
    assert xm("create", "web") == 1
    err = capsys.readouterr().err
    assert err.count("unknown key") == 1
    assert err.endswith("  hint: did you mean memory?\n")


def test_quiet_does_not_silence_a_failure(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes[CREATE] = problem("name taken", "conflict", 409, 5)
    assert xm("create", "-q", "web") == 5
    assert capsys.readouterr() == ("", "xm: name taken\n")


def test_a_long_create_is_followed(guest_file: Path, xend: FakeXend, xm: Xm) -> None:
    xend.routes[CREATE] = Answer({"job": job("create", "running")}, 202)
    xend.routes["GET /jobs/7"] = [{"job": job("create", "running")}, {"job": job("create", result=RESULT)}]
    assert xm("create", "web") == 0


def test_json_is_the_result_alone(guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("create", "web", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == RESULT
    assert xm("create", "web", "-o", "yaml") == 0
    assert yaml.safe_load(capsys.readouterr().out) == RESULT


CONFIG = DomainConfig(
    "winxp",
    Kind.HVM,
    memory=512,
    max_memory=1024,
    vcpus=2,
    cpus="0-1",
    boot=Boot(order="dc"),
    disks=(
        Disk("hda", "/var/lib/xen/winxp.img", bus=DiskBus.IDE),
        Disk("hdc", "/iso/xp.iso", bus=DiskBus.IDE, cdrom=True, mode=DiskMode.READ_ONLY),
    ),
    vifs=(Vif(bridge="br0", mac="00:16:3e:00:00:01"),),
    display=Display(VgaModel.CIRRUS, vnc=True, vnc_listen="127.0.0.1", vnc_password="geheim"),
)


def plan(**others: Any) -> dict[str, Any]:
    members = {"config": to_plain(CONFIG), "engine": "qemu", "complaints": [], "rendered": "-machine pc\n-m 512\x1b"}
    return {**members, **others}


def test_a_dry_run_shows_the_domain_and_starts_nothing(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["POST /plan"] = plan()
    assert xm("create", "-n", "web") == 0
    assert [path for _, path, _ in xend.requests] == ["/plan"]
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[1:] == [
        "name       winxp",
        "kind       hvm (unmodified guest: firmware, emulated devices)",
        "memory     512 MiB, at most 1024 MiB",
        "cpus       2, on the host's CPUs 0-1",
        "boot       BIOS, from CD-ROM, disk",
        "disk       hda   ide disk, /var/lib/xen/winxp.img, raw, read-write",
        "           hdc   ide CD-ROM, /iso/xp.iso, raw, read-only",
        "vif        emulated card, MAC 00:16:3e:00:00:01, bridge br0",
        "display    cirrus VGA, VNC on 127.0.0.1, the first free display, with a password",
        "ends       poweroff: destroy, reboot: restart, crash: restart",
        "engine     qemu",
        "",
        "qemu gets:",
        "  -machine pc",
        "  -m 512\\x1b",
    ]


def test_a_dry_run_of_a_direct_boot_shows_kernel_and_command_line(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    boot = Boot(kernel="/boot/k", ramdisk="/boot/r", root="/dev/xvda ro", extra="quiet")
    xend.routes["POST /plan"] = plan(config=to_plain(DomainConfig("web", uuid=UUID, boot=boot, cpu_weight=512)))
    assert xm("create", "-n", "web") == 0
    out = capsys.readouterr().out
    assert f"\nuuid       {UUID}\n" in out
    assert "\nboot       kernel /boot/k, ramdisk /boot/r, command line: root=/dev/xvda ro quiet\n" in out
    assert "\ncpus       1, weight 512\n" in out
    assert "\ndisplay    none\n" in out


def test_a_dry_run_shows_the_cpus_of_each_virtual_cpu(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["POST /plan"] = plan(config=to_plain(DomainConfig("web", vcpus=2, vcpu_pins=("2", "3-4"))))
    assert xm("create", "-n", "web") == 0
    assert "\ncpus       2, virtual CPUs on the host's: 0 on 2, 1 on 3-4\n" in capsys.readouterr().out


def test_a_dry_run_tells_what_a_start_would_be_refused_for_and_still_succeeds(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["POST /plan"] = plan(complaints=[{**WARNING, "message": "create would be refused: no disk"}, NOTE])
    assert xm("create", "-n", "web") == 0
    err = capsys.readouterr().err
    assert "warning: create would be refused: no disk" in err
    assert "note: has no effect" in err


def test_a_dry_run_of_a_file_without_meaning_fails(guest_file: Path, xend: FakeXend, xm: Xm) -> None:
    xend.routes["POST /plan"] = problem("no meaning", "invalid", 422, 1, complaints=[{**WARNING, "severity": "error"}])
    assert xm("create", "-n", "web") == 1


def test_a_dry_run_for_programs_is_the_whole_plan(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["POST /plan"] = plan(complaints=[WARNING])
    assert xm("create", "-n", "web", "-o", "json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == plan(complaints=[WARNING])
    assert err == ""
