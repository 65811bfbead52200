from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem

TOLD: dict[str, Any] = {
    "agent": "qemu-guest-agent",
    "version": "7.2.22",
    "os": "Debian \x1b[31m12",
    "kernel": "6.1.0",
    "host_name": "web",
    "interfaces": [
        {"name": "eth0", "mac": "00:16:3e:00:00:01", "addresses": ["192.0.2.7/24", "fe80::1/64"], "vif": 0},
        {"name": "Ethernet 2", "mac": "", "addresses": [], "vif": None},
    ],
    "users": [{"name": "CORP\\anna", "since": 1e300}],
    "filesystems": [{"mountpoint": "/", "type": "ext4", "device": "vda1", "size": 3 << 20, "used": None}],
    "time_offset": -2.5,
    "frozen": False,
}


def ended(**others: Any) -> dict[str, Any]:
    whole = {"exited": True, "exit_code": 0, "signal": None, "stdout": "", "stderr": "", "truncated": False}
    return {"execution": whole | others}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_all_that_it_tells_is_shown_and_nothing_in_it_acts_on_the_terminal(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /domains/web/agent"] = {"agent": TOLD}
    assert xm("agent", "web") == 0
    assert capsys.readouterr().out == (
        "agent        : qemu-guest-agent 7.2.22\n"
        "system       : Debian \\x1b[31m12\n"
        "kernel       : 6.1.0\n"
        "host name    : web\n"
        "clock        : 2.5 s behind the host's\n"
        "file systems : not frozen\n"
        "\n"
        "interfaces:\n"
        "  Vif  Name        MAC                Addresses\n"
        "  0    eth0        00:16:3e:00:00:01  192.0.2.7/24 fe80::1/64\n"
        "  -    Ethernet_2  -                  -\n"
        "\n"
        "file systems:\n"
        "  Mounted at  Type  Size   Used\n"
        "  /           ext4  3 MiB  -\n"
        "\n"
        "users:\n"
        "  CORP\\anna\n"
    )
    assert xm("agent", "web", "info", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == TOLD
    nothing = dict.fromkeys(("interfaces", "users", "filesystems", "time_offset", "frozen"))
    xend.routes["GET /domains/web/agent"] = {"agent": TOLD | nothing}
    assert xm("agent", "web") == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_each_action_says_what_came_of_it(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web/agent"] = {"agent": TOLD}
    xend.routes["GET /domains/web/agent/interfaces"] = {"interfaces": TOLD["interfaces"]}
    xend.routes["POST /domains/web/agent-ping"] = {"seconds": 0.0123}
    for action, result in (
        ("time", {"offset": 0.001}),
        ("freeze", {"filesystems": 2, "seconds": 5.0}),
        ("thaw", {"filesystems": 2}),
    ):
        xend.routes[f"POST /domains/web/agent-{action}?wait=30"] = {"job": job(f"agent-{action}", result=result)}
    for words, said in (
        (["ping"], "it answers: 12.3 ms\n"),
        (["time"], "2.5 s behind the host's\n"),
        (["time", "--set"], "as the host's\n"),
        (["freeze", "--for=5"], "2 file systems are frozen, for at most 5 s\n"),
        (["thaw"], "2 file systems were frozen, and are not any more\n"),
        (["status"], "thawed\n"),
    ):
        assert xm("agent", "web", *words) == 0
        assert capsys.readouterr() == (said, "")
    assert xend.requests[3][2] == {"seconds": 5.0}
    assert xm("agent", "web", "addresses") == 0
    assert "192.0.2.7/24 fe80::1/64" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["web", "nix"], "there is no 'nix'"),
        (["web", "ping", "x"], "'x' is one word too many"),
        (["web", "ping", "--set"], "--set goes with time"),
        (["web", "time", "--for=3"], "--for goes with freeze"),
        (["web", "freeze", "--for=x"], "invalid float value"),
        (["web", "-i"], "-i goes with exec"),
        (["web", "exec"], "exec needs a command"),
        (["web", "exec", "--"], "exec needs a command"),
        (["web", "exec", "ls", "-l"], "unrecognized arguments: -l"),
        ([], "arguments are required"),
    ],
)
def test_what_is_wrong_is_told(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert xm("agent", *words) == 2
    assert said in capsys.readouterr().err
    assert xend.requests == []


def test_a_command_gets_its_words_as_they_are_and_its_exit_code_is_passed_on(
    xend: FakeXend, xm: Xm, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    xend.routes["POST /domains/web/agent-exec"] = {"pid": 42}
    running = {"execution": ended()["execution"] | {"exited": False, "exit_code": None}}
    last = ended(exit_code=9, stdout=encoded(b"out\xff\x1b[31m\n"), stderr=encoded(b"err\n"), truncated=True)
    xend.routes["GET /domains/web/agent-exec/42?wait=30"] = [running, running, last]
    assert xm("agent", "web", "exec", "--", "sh", "-c", "x --help", "--", "-h") == 9
    said = capsysbinary.readouterr()
    assert said.out == b"out\xff\x1b[31m\n"
    assert said.err == b"err\nxm: it said more than its agent keeps: the rest is lost\n"
    assert xend.requests[0][2] == {"command": ["sh", "-c", "x --help", "--", "-h"], "stdin": ""}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"exit_code": 0}, 0),
        ({"exit_code": 255}, 255),
        ({"exit_code": 256}, 1),
        ({"exit_code": 0xC0000005}, 5),
        ({"exit_code": -1}, 255),
        ({"exit_code": None}, 0),
        ({"exit_code": None, "signal": 9}, 137),
        ({"exit_code": None, "signal": -(1 << 40)}, 129),
    ],
)
def test_an_exit_code_has_eight_bits_and_a_failure_stays_one(
    xend: FakeXend, xm: Xm, told: dict[str, Any], code: int
) -> None:
    xend.routes["POST /domains/web/agent-exec"] = {"pid": 1}
    xend.routes["GET /domains/web/agent-exec/1"] = ended(**told)
    assert xm("agent", "web", "exec", "true") == code


def test_what_xm_reads_is_for_the_command_where_that_is_asked_for(
    xend: FakeXend, start_xm: Callable[..., subprocess.Popen[bytes]]
) -> None:
    xend.routes["POST /domains/web/agent-exec"] = {"pid": 1}
    xend.routes["GET /domains/web/agent-exec/1"] = ended(stdout=encoded(b"ok\n"))
    for words, data, stdin in (((), b"x", b""), (("-i",), b"\0input", b"\0input")):
        out, err = start_xm("agent", "web", "exec", *words, "cat").communicate(data, timeout=30)
        assert (out, err) == (b"ok\n", b"")
        sent = [body for method, _, body in xend.requests if method == "POST"]
        assert base64.b64decode(sent[-1]["stdin"]) == stdin
    process = start_xm("agent", "web", "exec", "-i", "cat")
    _, err = process.communicate(bytes((512 << 10) + 1), timeout=30)
    assert (process.returncode, b"at most 512 KiB" in err) == (1, True)


def test_ctrl_c_ends_the_waiting_only(xend: FakeXend, start_xm: Callable[..., subprocess.Popen[bytes]]) -> None:
    xend.routes["POST /domains/web/agent-exec"] = {"pid": 42}
    running = ended()["execution"] | {"exited": False}
    xend.routes["GET /domains/web/agent-exec/42"] = {"execution": running}
    process = start_xm("agent", "web", "exec", "sleep", "9", stderr=subprocess.PIPE)
    xend.wait_for("GET", "/domains/web/agent-exec/42?wait=30")
    process.send_signal(2)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (
        130,
        b"xm: no longer waiting; the command runs on in the guest, as its process 42\n",
    )


def test_a_refusal_is_told(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web/agent"] = problem(
        "no agent runs in domain 'web'", "conflict", 409, 5, hint="install qemu-guest-agent in the guest"
    )
    assert xm("agent", "web") == 5
    assert "install qemu-guest-agent" in capsys.readouterr().err


def test_shutdown_says_by_what_the_guest_is_to_be_asked(xend: FakeXend, xm: Xm) -> None:
    xend.routes["POST /domains/web/shutdown"] = xend.routes["POST /domains/web/reboot"] = {"job": job("shutdown")}
    assert xm("shutdown", "--mode=agent", "web") == 0
    assert xm("reboot", "-w", "--mode=acpi", "web") == 0
    assert [body for _, _, body in xend.requests] == [
        {"until_gone": False, "mode": "agent"},
        {"until_gone": True, "mode": "acpi"},
    ]
    assert xm("shutdown", "--mode=force", "web") == 2
