from __future__ import annotations

import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import DOMAIN_0, FakeXend, domain
from tests.support.rdp_server import CONFIRM, PLAIN_CONFIRM, REQUEST, rdp_server

from xenia.cli import rdp, rdp_view
from xenia.client import hosts
from xenia.client import rdp as client_rdp
from xenia.client.errors import ClientError
from xenia.client.hosts import KnownHost

CLIENT = """\
#!/bin/sh
printf '%s\\n' "${0##*/}" "$@" > "$XM_TEST_SAID"
exit ${XM_TEST_CODE:-0}
"""


@pytest.fixture
def said(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a client was told, once one was started; there is a place for them, and a display."""
    (root / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{root}/bin:/usr/bin:/bin")
    monkeypatch.setattr("xenia.cli.rdp_client.shutil.which", lambda name: (root / "bin" / name).exists())
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setenv("XM_TEST_SAID", str(root / "said"))
    return root / "said"


def install(root: Path, *names: str) -> None:
    for name in names:
        (root / "bin" / name).write_text(CLIENT)
        (root / "bin" / name).chmod(0o755)


def shown(*addresses: tuple[str, str], ends: tuple[str, ...] = ("vif3.0",), **others: Any) -> dict[str, Any]:
    told = [{"vif": 0, "ip": ip, "source": source} for ip, source in addresses]
    cards = [{"item": number} for number in range(len(ends))]
    return {"domain": domain(addresses=told, vifs=list(ends), **others), "config": {"vifs": cards}}


def lists(text: str) -> list[str]:
    return text.splitlines()


@pytest.mark.parametrize("answer", [CONFIRM, PLAIN_CONFIRM])
def test_the_address_of_the_guest_is_found_and_asked_before_the_client_is_started(
    xend: FakeXend, xm: Xm, root: Path, said: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    install(root, "xfreerdp", "rdesktop")
    xend.routes["GET /domains/web"] = shown(("127.0.0.1", "lease"))
    monkeypatch.setattr(rdp, "_is_a_guests", lambda _: True)
    with rdp_server(answer) as (port, asked):
        assert xm("rdp", "web", "--port", str(port)) == 0
    assert asked == [REQUEST]
    assert lists(said.read_text()) == ["xfreerdp", f"/v:127.0.0.1:{port}"]
    assert xend.requests[0][1] == "/domains/web?interfaces=true"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("xfreerdp3", ["/v:{place}", "/u:-x a"]),
        ("wlfreerdp", ["/v:{place}", "/u:-x a"]),
        ("remmina", ["-c", "rdp://-x%20a@{place}"]),
        ("krdc", ["rdp://-x%20a@{place}"]),
        ("rdesktop", ["-u", "-x a", "{place}"]),
    ],
)
def test_each_client_is_told_the_user_in_its_words(
    xend: FakeXend, xm: Xm, root: Path, said: Path, name: str, words: list[str]
) -> None:
    install(root, name)
    xend.routes["GET /domains/web"] = shown()
    with rdp_server() as (port, _):
        assert xm("rdp", "--address", "localhost", "--port", str(port), "--user=-x a", "web") == 0
    assert lists(said.read_text()) == [name, *(word.format(place=f"localhost:{port}") for word in words)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("xfreerdp", ["/v:{place}", "/u:web\\vnc"]),
        ("remmina", ["-c", "rdp://web%5Cvnc@{place}"]),
        ("rdesktop", ["-d", "web", "-u", "vnc", "{place}"]),
    ],
)
def test_each_client_is_told_the_guest_as_the_domain(
    xend: FakeXend, xm: Xm, root: Path, said: Path, name: str, words: list[str]
) -> None:
    install(root, name)
    with rdp_server() as (port, _):
        xend.routes["GET /domains/web"] = shown(rdp=f"127.0.0.1:{port}")
        assert xm("rdp", "web") == 0
    assert lists(said.read_text()) == [name, *(word.format(place=f"127.0.0.1:{port}") for word in words)]


def test_ipv6_has_its_brackets_and_the_code_of_the_client_is_ours(
    xend: FakeXend, xm: Xm, root: Path, said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(root, "mine")
    monkeypatch.setenv("XM_TEST_CODE", "12")
    xend.routes["GET /domains/web"] = shown()
    monkeypatch.setattr(rdp, "knock", lambda *_: None)
    assert xm("rdp", "--address", "[::1]", "--viewer", f"{root}/bin/mine", "web") == 12
    assert lists(said.read_text()) == ["mine", "[::1]:3389"]


def test_the_most_trustworthy_address_that_answers_is_taken(
    xend: FakeXend, xm: Xm, said: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    knocked: list[str] = []

    def knock(address: str, port: int, seconds: float) -> None:
        del port, seconds
        knocked.append(address)
        if address != "192.0.2.3":
            raise client_rdp.NoDesktop("nothing listens there")

    monkeypatch.setattr(rdp, "knock", knock)
    xend.routes["GET /domains/web"] = shown(
        ("192.0.2.4", "neighbour"), ("192.0.2.3", "agent"), ("192.0.2.2", "lease"), ("192.0.2.1", "file")
    )
    assert xm("rdp", "-n", "web") == 0
    assert knocked == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert capsys.readouterr().out == "192.0.2.3:3389\n"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "2001:db8::1%\nalternate shell:s:evil",
        "/v:evil",
        "-x",
        "",
        "evil.example",
    ],
)
def test_what_a_guest_tells_leads_neither_here_nor_into_options_or_files(
    xend: FakeXend, xm: Xm, root: Path, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    xend.routes["GET /domains/web"] = shown((address, "agent"), name="../-x\n")
    assert xm("rdp", "web", "--file", "web.rdp") == 1
    err = capsys.readouterr().err
    assert "no address of it is known" in err
    assert "xm rdp --address" in err
    assert not (root / "web.rdp").exists()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (shown(), "xm agent"),
        (shown(("10.0.2.15", "agent"), ends=("user",)), "user mode"),
        (shown(ends=()), "no network card"),
        ({"domain": DOMAIN_0, "config": None}, "is the host itself"),
        ({"domain": domain(domid=None), "config": None}, "is not running"),
    ],
)
def test_why_there_is_no_address_is_told(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], answer: dict[str, Any], why: str
) -> None:
    xend.routes["GET /domains/web"] = answer
    assert xm("rdp", "-n", "web") in (1, 5)
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("unseen", [(), ("192.0.2.1", "file")])
@pytest.mark.parametrize(
    ("words", "user"), [((), "vnc"), (("-u", "olga"), "olga"), (("-u", "LAB\\olga"), "olga"), (("-u", "LAB\\"), "vnc")]
)
def test_the_host_shows_the_screen_where_the_guest_shows_no_desktop(
    xend: FakeXend,
    xm: Xm,
    root: Path,
    said: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    unseen: tuple[str, str] | tuple[()],
    words: tuple[str, ...],
    user: str,
) -> None:
    def knock(address: str, port: int, seconds: float) -> None:
        if address == "192.0.2.1":
            raise client_rdp.NoDesktop("nothing answers")
        client_rdp.knock(address, port, seconds)

    monkeypatch.setattr(rdp, "knock", knock)
    install(root, "xfreerdp")
    with rdp_server() as (port, asked):
        xend.routes["GET /domains/web"] = shown(*((unseen,) if unseen else ()), rdp=f"127.0.0.1:{port}")
        assert xm("rdp", *words, "web") == 0
    assert asked == [REQUEST]
    assert lists(said.read_text()) == ["xfreerdp", f"/v:127.0.0.1:{port}", f"/u:web\\{user}"]
    err = capsys.readouterr().err
    assert f"the host shows its screen, at 127.0.0.1:{port}, to the user web\\{user} with the password" in err


def test_the_guests_own_desktop_comes_first(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdp, "knock", lambda *_: None)
    xend.routes["GET /domains/web"] = shown(("192.0.2.1", "file"), rdp="127.0.0.1:3390")
    assert xm("rdp", "-n", "web") == 0
    said = capsys.readouterr()
    assert said.out == "192.0.2.1:3389\n"
    assert "'web' is at 192.0.2.1, as told by its guest file" in said.err


@pytest.mark.parametrize(
    ("place", "here"),
    [("0.0.0.0", "127.0.0.1"), ("[::]", "[::1]"), ("192.0.2.9", "192.0.2.9")],  # noqa: S104
)
def test_a_screen_that_is_shown_everywhere_is_shown_here(
    xend: FakeXend,
    xm: Xm,
    root: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    here: str,
) -> None:
    monkeypatch.setattr(rdp_view, "knock", lambda *_: None)
    xend.routes["GET /domains/web"] = shown(rdp=f"{place}:3390")
    assert xm("rdp", "-n", "web") == 0
    assert capsys.readouterr().out == f"{here}:3390\n"
    assert xm("rdp", "--file", "web.rdp", "web") == 0
    assert (root / "web.rdp").read_bytes() == (
        f"full address:s:{here}:3390\r\nprompt for credentials:i:1\r\nusername:s:web\\vnc\r\n".encode()
    )


def test_a_screen_that_the_host_does_not_show_after_all(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as bound:  # bound, and not listening
        bound.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{bound.getsockname()[1]}"
        xend.routes["GET /domains/web"] = shown(rdp=place)
        assert xm("rdp", "-n", "web") == 1
    err = capsys.readouterr().err
    assert f"the host does not show the screen of 'web' over RDP at {place}: nothing listens there" in err
    assert "xm log tells why" in err


class Elsewhere:
    """What a Context has of another host."""

    host = "alpha"


def test_a_screen_on_another_hosts_loopback_is_reached_through_ssh() -> None:
    with pytest.raises(ClientError, match="alone") as caught:
        rdp_view.view_of(Elsewhere(), {"name": "web", "rdp": "127.0.0.1:3389"})
    assert "ssh -L 3389:127.0.0.1:3389 alpha" in caught.value.hint
    assert "web\\vnc" in caught.value.hint


def test_another_hosts_screens_are_where_one_has_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    known = KnownHost(
        name="alpha", url="https://alpha.example:8006", fingerprint="", user="", role="", token="", secret="", expires=0
    )  # fmt: skip
    monkeypatch.setattr(hosts, "find", lambda _: known)
    monkeypatch.setattr(rdp_view, "knock", lambda *_: None)
    assert rdp_view.view_of(Elsewhere(), {"name": "web", "rdp": "0.0.0.0:3389"}) == (
        "alpha.example",
        3389,
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no RDP server"),
        (b"", "hangs up"),
        (b"\x03\x00", "hangs up"),
        (b"\x03\x00\xff\xff", "no RDP server"),
        (CONFIRM[:5] + b"\xf0" + CONFIRM[6:], "no RDP server"),
    ],
)
def test_what_answers_otherwise_is_no_desktop(
    xend: FakeXend, xm: Xm, said: Path, capsys: pytest.CaptureFixture[str], answer: bytes, why: str
) -> None:
    xend.routes["GET /domains/web"] = shown()
    with rdp_server(answer) as (port, _):
        assert xm("rdp", "-n", "--address", "127.0.0.1", "--port", str(port), "web") == 1
    err = capsys.readouterr().err
    assert why in err
    assert "xm vncviewer" in err


def test_nothing_listens_and_nothing_answers(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    xend.routes["GET /domains/web"] = shown()
    with socket.socket() as bound:  # bound, and not listening
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        assert xm("rdp", "-n", "--address", "127.0.0.1", "--port", str(port), "web") == 1
    err = capsys.readouterr().err
    assert "nothing listens there" in err
    assert "allow Remote Desktop in the guest" in err
    monkeypatch.setattr(rdp, "_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert xm("rdp", "-n", "--address", "127.0.0.1", "--port", str(port), "web") == 1
    assert "no RDP server answers within 0.05 s" in capsys.readouterr().err


def test_a_file_is_for_its_user_alone_and_written_also_before_the_desktop_answers(
    xend: FakeXend, xm: Xm, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /domains/web"] = shown()
    (root / "web.rdp").write_text("old")
    with rdp_server() as (port, _):
        words = ("rdp", "--address", "127.0.0.1", "--port", str(port), "web", "--user", "LAB\\olga", "--file")
        assert xm(*words, "web.rdp") == 0
        assert capsys.readouterr() == ("", "")
    expected = f"full address:s:127.0.0.1:{port}\r\nprompt for credentials:i:1\r\nusername:s:LAB\\olga\r\n"
    assert (root / "web.rdp").read_bytes() == expected.encode()
    assert stat.S_IMODE((root / "web.rdp").stat().st_mode) == 0o600
    assert xm(*words, "later.rdp") == 0
    assert "the file is written nevertheless" in capsys.readouterr().err
    assert (root / "later.rdp").read_bytes() == expected.encode()
    assert list(root.glob("*.new")) == []


@pytest.mark.parametrize("name", ["etc", "/dev/null", "no/such/folder"])
def test_what_is_no_place_for_a_file_is_left(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(rdp, "knock", lambda *_: None)
    xend.routes["GET /domains/web"] = shown()
    assert xm("rdp", "--address", "127.0.0.1", "web", "--file", name) == 1
    assert f"cannot write {name}" in capsys.readouterr().err


def test_a_name_beyond_ascii_is_written_as_mstsc_does(
    xend: FakeXend, xm: Xm, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdp, "knock", lambda *_: None)
    xend.routes["GET /domains/web"] = shown()
    assert xm("rdp", "--address", "h", "-u", "jürgen", "web", "--file", "web.rdp") == 0
    assert (root / "web.rdp").read_bytes().decode("utf-16").endswith("username:s:jürgen\r\n")


def test_what_is_missing_here_is_told_before_xend_is_asked(
    xend: FakeXend, xm: Xm, root: Path, said: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert xm("rdp", "web") == 1
    err = capsys.readouterr().err
    assert "there is no RDP client here: xfreerdp3, xfreerdp" in err
    assert "apt-get install freerdp3-x11" in err
    install(root, "xfreerdp")
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert xm("rdp", "web") == 1
    assert "neither DISPLAY nor WAYLAND_DISPLAY is set" in capsys.readouterr().err
    assert xend.requests == []


@pytest.mark.parametrize(
    "words",
    [
        ("web", "--port", "0"),
        ("web", "--port", "65536"),
        ("web", "--port", "x"),
        ("web", "--address=-x"),
        ("web", "--address=/v:x"),
        ("web", "--address=fe80::1%eth0"),
        ("web", "--address", ""),
        ("web", "--user", "a\nb:s:c"),
        ("web", "--user", ""),
        ("web", "-n", "--file", "x"),
        ("web", "--viewer", "mine", "--user", "olga"),
        (),
    ],
)
def test_wrong_words_are_told_without_asking_xend(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm("rdp", *words) == 2
    assert xend.requests == []


def test_a_client_that_cannot_be_started(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web"] = shown()
    with rdp_server() as (port, _):
        words = ("--address", "127.0.0.1", "--port", str(port), "--viewer", "/nowhere/client")
        assert xm("rdp", *words, "web") == 1
    assert "cannot start /nowhere/client" in capsys.readouterr().err
