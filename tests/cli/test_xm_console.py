from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import UUID, Answer, FakeXend, WebSocket, domain, job, problem

Start = Callable[..., "subprocess.Popen[bytes]"]
GONE = 4000
STOPPING = 1001


class Terminal:
    """A person's end of a pseudo-terminal on which xm runs."""

    def __init__(self) -> None:
        self.person, self.program = pty.openpty()
        self.before = termios.tcgetattr(self.program)
        self.seen = b""

    def see(self, text: bytes) -> None:
        """Read until `text` has been seen."""
        deadline = time.monotonic() + 10
        while text not in self.seen:
            readable, _, _ = select.select([self.person], [], [], max(0, deadline - time.monotonic()))
            assert readable, f"{text!r} was not shown, only {self.seen!r}"
            self.seen += os.read(self.person, 65536)
        self.seen = self.seen.partition(text)[2]

    def type(self, text: bytes) -> None:
        os.write(self.person, text)

    @property
    def restored(self) -> bool:
        return termios.tcgetattr(self.program) == self.before

    def start(self, start_xm: Start, *words: str) -> subprocess.Popen[bytes]:
        return start_xm(*words, stdin=self.program, stdout=self.program, stderr=self.program)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    os.close(made.person)
    os.close(made.program)


@pytest.fixture
def web(xend: FakeXend) -> FakeXend:
    xend.routes["GET /domains/web"] = {"domain": domain(), "config": None}
    return xend


def echo(websocket: WebSocket) -> None:
    websocket.send(b"login: ")
    while typed := websocket.receive():
        websocket.send(b"<" + typed + b">")


def test_a_terminal_sees_the_guest_types_and_leaves(web: FakeXend, start_xm: Start, terminal: Terminal) -> None:
    web.console = echo
    process = terminal.start(start_xm, "console", "web")
    terminal.see(b"connected to 'web'; Ctrl-] leaves, the guest runs on\n\r")
    assert not terminal.restored, "who reads it types, and a return must already reach the guest as one"
    terminal.see(b"login: ")
    terminal.type(b"ro\x03\x1a\r\xff")
    terminal.see(b"\r\xff>")
    terminal.type(b"\x1d")
    terminal.see(b"left 'web'; xm console web comes back")
    assert process.wait(10) == 0
    assert terminal.restored
    assert ("GET", f"/domains/{UUID}/console?kind=auto", None) in web.requests


def test_the_kind_of_console_can_be_chosen(web: FakeXend, start_xm: Start) -> None:
    web.console = lambda websocket: websocket.close(GONE, "the guest is gone")
    process = start_xm("console", "web", "-t", "serial", stdin=subprocess.DEVNULL)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert err == b"xm: the console of 'web' has ended: the guest is gone\n"
    web.wait_for("GET", f"/domains/{UUID}/console?kind=serial")


def test_the_end_of_the_guest_restores_the_terminal(web: FakeXend, start_xm: Start, terminal: Terminal) -> None:
    def end(websocket: WebSocket) -> None:
        websocket.send(b"Power down.\r\n")
        websocket.close(GONE, "the guest is gone")

    web.console = end
    process = terminal.start(start_xm, "console", "web")
    terminal.see(b"Power down.")
    terminal.see(b"the console of 'web' has ended: the guest is gone")
    assert process.wait(10) == 0
    assert terminal.restored


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(web: FakeXend, start_xm: Start, terminal: Terminal, number: int) -> None:
    web.console = echo
    process = terminal.start(start_xm, "console", "web")
    terminal.see(b"login: ")
    process.send_signal(number)
    assert process.wait(10) == 128 + number
    assert terminal.restored


def test_a_stopped_and_continued_xm_takes_the_terminal_again(
    web: FakeXend, start_xm: Start, terminal: Terminal
) -> None:
    web.console = echo
    process = terminal.start(start_xm, "console", "web")
    terminal.see(b"login: ")
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    termios.tcsetattr(terminal.program, termios.TCSANOW, terminal.before)
    process.send_signal(signal.SIGCONT)
    terminal.type(b"a")
    while terminal.restored:
        assert process.poll() is None
        select.select([], [], [], 0.01)
    terminal.type(b"bc")
    terminal.see(b"bc>")
    terminal.type(b"\x1d")
    assert process.wait(10) == 0


def test_a_pipe_is_typed_and_the_output_followed_to_the_end(web: FakeXend, start_xm: Start) -> None:
    received = []

    def listen(websocket: WebSocket) -> None:
        text = b""
        while len(text) < 300_000:
            text += websocket.receive() or b""
        received.append(text)
        websocket.send(b"\x1b[1mdone\x00")
        websocket.close(GONE, "the guest is gone")

    web.console = listen
    typed = b"x\x1dy" * 100_000
    out, _ = start_xm("console", "web").communicate(typed, timeout=30)
    assert received == [typed]
    assert out == b"\x1b[1mdone\x00"


def test_a_reader_of_the_output_that_leaves_is_no_reason_to_complain(web: FakeXend, start_xm: Start) -> None:
    web.console = echo
    reader, writer = os.pipe()
    os.close(reader)
    process = start_xm("console", "web", stdout=writer)
    os.close(writer)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (141, b"")


def test_an_xend_that_comes_back_is_found_and_nothing_is_shown_twice(
    web: FakeXend, start_xm: Start, terminal: Terminal
) -> None:
    said = b"".join(b"line %d\r\n" % number for number in range(20))
    consoles: list[Callable[[WebSocket], object]] = [
        lambda websocket: (websocket.send(said), websocket.close(STOPPING, "xend stops")),
        lambda websocket: (websocket.send(said + b"and more\r\n"), echo(websocket)),
    ]
    web.console = lambda websocket: consoles.pop(0)(websocket) and None
    process = terminal.start(start_xm, "console", "web")
    terminal.see(b"line 19\r\n")
    terminal.see(b"lost the console of 'web' (xend stops); trying again for 30 s")
    terminal.see(b"connected to 'web' again\n\r")
    terminal.see(b"and more")
    assert b"line" not in terminal.seen
    terminal.see(b"login: ")
    terminal.type(b"\x1d")
    assert process.wait(10) == 0
    assert terminal.restored


def test_while_xend_is_away_the_user_can_leave(web: FakeXend, start_xm: Start, terminal: Terminal) -> None:
    def go_away(websocket: WebSocket) -> None:
        web.path.unlink()
        websocket.close(STOPPING, "xend stops")

    web.console = go_away
    process = terminal.start(start_xm, "console", "web")
    terminal.see(b"trying again")
    terminal.type(b"abc")
    terminal.type(b"\x1d")
    terminal.see(b"left 'web'")
    assert process.wait(10) == 0
    assert terminal.restored


def test_an_xend_that_stays_away_is_given_up(
    web: FakeXend, xm: Xm, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def go_away(websocket: WebSocket) -> None:
        web.path.unlink()

    web.console = go_away
    monkeypatch.setattr("xenia.cli.console._PATIENCE", 0.01)
    monkeypatch.setattr("xenia.cli.console._PAUSE", 0.02)
    assert xm("console", "web") == 7
    err = capsys.readouterr().err
    assert "lost the console of 'web'" in err
    assert "cannot reach xend" in err


def test_an_unknown_domain_has_no_console(xend: FakeXend, xm: Xm, terminal: Terminal) -> None:
    xend.routes["GET /domains/web"] = problem("there is no domain 'web'")
    assert xm("console", "web") == 3


def test_a_console_that_is_refused_says_why(web: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    web.routes[f"GET /domains/{UUID}/console"] = problem("'web' is not running", "conflict", 409, 5, hint="start it")
    assert xm("console", "web") == 5
    assert capsys.readouterr().err == "xm: 'web' is not running\n  hint: start it\n"


@pytest.mark.parametrize("paused", [False, True])
def test_create_with_console_connects_before_the_guest_runs(
    xend: FakeXend, start_xm: Start, terminal: Terminal, paused: bool
) -> None:
    guest_file = xend.root / "etc/xen/web.cfg"
    guest_file.write_text("name = 'web'\n", encoding="utf-8")
    xend.routes["POST /domains"] = {"job": job("create", result={"domain": "web", "uuid": UUID, "domid": 3})}
    xend.routes[f"POST /domains/{UUID}/unpause"] = {"job": job("unpause")}
    runs = threading.Event()

    def boot(websocket: WebSocket) -> None:
        runs.wait(10)
        websocket.send(b"Linux version 6.1")
        websocket.receive()

    xend.console = boot
    process = terminal.start(start_xm, "create", "web", "-c", *(["-p"] if paused else []))
    terminal.see(b"Started domain web (id=3)")
    if paused:
        terminal.see(b"xm unpause web lets it run")
    else:
        xend.wait_for("POST", f"/domains/{UUID}/unpause?wait=30")
    runs.set()
    terminal.see(b"Linux version 6.1")
    terminal.type(b"\x1d")
    assert process.wait(10) == 0
    paths = [path.partition("?")[0] for _, path, _ in xend.requests]
    assert paths == ["/domains", f"/domains/{UUID}/console", *([] if paused else [f"/domains/{UUID}/unpause"])]
    assert xend.requests[0][2]["paused"] is True


def test_create_with_a_console_that_is_refused_lets_the_guest_run_all_the_same(xend: FakeXend, xm: Xm) -> None:
    Path(xend.root / "etc/xen/web.cfg").write_text("name = 'web'\n", encoding="utf-8")
    xend.routes["POST /domains"] = {"job": job("create", result={"domain": "web", "uuid": UUID, "domid": 3})}
    xend.routes[f"GET /domains/{UUID}/console"] = problem("this engine has no consoles", "invalid", 422, 1)
    xend.routes[f"POST /domains/{UUID}/unpause"] = {"job": job("unpause")}
    assert xm("create", "web", "-c") == 1
    assert xend.requests[-1][1] == f"/domains/{UUID}/unpause?wait=30"


HOSTILE = b"\x1b]52;c;aGFybQ==\x07\x1b]0;title\x07\x1b[6n\x05\x1b[?1049hlogin: \x1b[31mred"


@pytest.mark.parametrize("key", [b"q", b"\x1d", b"\x03"])
def test_a_view_types_nothing_and_acts_on_no_terminal(
    web: FakeXend, start_xm: Start, terminal: Terminal, key: bytes
) -> None:
    typed: list[bytes | None] = []

    def listen(websocket: WebSocket) -> None:
        websocket.send(HOSTILE[:10])
        websocket.send(HOSTILE[10:])
        typed.append(websocket.receive())

    web.console = listen
    process = terminal.start(start_xm, "console", "--view", "web")
    terminal.see(b"looking at 'web'; q or Ctrl-] leaves, the guest runs on\n\r")
    terminal.see(b"login: \x1b[31mred")
    terminal.type(b"root\r")
    terminal.type(key)
    terminal.see(b"\x1b[0m")
    terminal.see(b"left 'web'; xm console --view web comes back")
    assert process.wait(10) == 0
    assert terminal.restored
    assert typed in ([None], [])
    assert ("GET", f"/domains/{UUID}/console?kind=auto&view=true", None) in web.requests


def test_a_view_without_a_terminal_reads_no_input(web: FakeXend, start_xm: Start) -> None:
    typed = []

    def listen(websocket: WebSocket) -> None:
        websocket.send(HOSTILE)
        websocket.close(GONE, "the guest is gone")
        typed.append(websocket.receive())

    web.console = listen
    out, _ = start_xm("console", "--view", "web").communicate(b"rm -rf /\n", timeout=30)
    assert out == b"login: \x1b[31mred\x1b[0m"
    assert typed == [None]


def plain(text: str) -> Answer:
    content = text.encode()
    return Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ((), "?kind=auto"),
        (("--tail", "2"), "?kind=auto&tail=2"),
        (("-t", "serial", "--tail=0"), "?kind=serial&tail=0"),
    ],
)
def test_the_log_of_a_console_is_printed_and_acts_on_no_terminal(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], query: str
) -> None:
    text = "\x1b[31mred\x1b[0m\x1b]0;title\x07\r\nlogin: "
    xend.routes[f"GET /domains/web/console/log{query}"] = plain(text)
    assert xm("console", "--log", "web", *words) == 0
    assert capsys.readouterr() == ("red\r\nlogin: \n", "")


@pytest.mark.parametrize(
    "words",
    [
        ("--log", "--tail", "x"),
        ("--log", "--tail=-1"),
        ("--log", "--tail", "9999999"),
        ("--tail", "5"),
        ("--log", "--view"),
    ],
)
def test_wrong_words_for_a_log_are_told_without_asking_xend(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm("console", "web", *words) == 2
    assert xend.requests == []


def test_a_terminal_is_shown_the_colours_of_a_log(xend: FakeXend, start_xm: Start, terminal: Terminal) -> None:
    xend.routes["GET /domains/web/console/log"] = plain("\x1b[31mred\x1b[6n")
    process = terminal.start(start_xm, "console", "--log", "web")
    terminal.see(b"\x1b[31mred\x1b[0m\r\n")
    assert process.wait(10) == 0
