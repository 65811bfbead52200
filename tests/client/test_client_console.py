from __future__ import annotations

import select
import socket
import threading
from pathlib import Path

import pytest
from tests.cli.fake_xend import Answer, FakeXend, WebSocket, problem

from xenia.client.console import Console
from xenia.client.errors import ClientError
from xenia.client.http import Client


def read(console: Console, size: int) -> bytes:
    """The next `size` bytes of output."""
    data = console.receive()
    while len(data) < size and console.end is None:
        assert select.select([console], [], [], 10)[0], f"only {data!r} came"
        data += console.receive()
    return data


def test_what_comes_together_with_the_handshake_is_not_lost(xend: FakeXend, client: Client) -> None:
    def speak(websocket: WebSocket) -> None:
        websocket.send(b"first words")
        websocket.receive()

    xend.speaks_at_once = True
    xend.console = speak
    console = Console.connect(client, "web")
    assert read(console, 11) == b"first words"
    console.close()


def test_an_end_that_comes_together_with_the_handshake_is_seen(xend: FakeXend, client: Client) -> None:
    xend.speaks_at_once = True
    xend.console = lambda websocket: websocket.close(4000, "the guest is gone")
    console = Console.connect(client, "web")
    assert (console.end, console.lost) == ("the guest is gone", False)
    console.close()


@pytest.mark.parametrize(("code", "lost"), [(1000, False), (4000, False), (1001, True), (1012, True), (4001, True)])
def test_the_code_says_whether_to_come_again(xend: FakeXend, client: Client, code: int, lost: bool) -> None:
    xend.console = lambda websocket: websocket.close(code, "why")
    console = Console.connect(client, "web")
    assert read(console, 1) == b""
    assert (console.end, console.lost) == ("why", lost)
    console.close()


def test_a_connection_that_breaks_is_lost(xend: FakeXend, client: Client) -> None:
    xend.console = lambda websocket: None
    console = Console.connect(client, "web")
    assert read(console, 1) == b""
    assert console.lost
    console.send(b"nobody hears this")
    console.close()


def test_a_breaking_of_the_protocol_ends_the_console(xend: FakeXend, client: Client) -> None:
    xend.console = lambda websocket: websocket.connection.sendall(b"\xff\xff\xff\xff")
    console = Console.connect(client, "web")
    assert read(console, 1) == b""
    assert console.lost
    console.close()


def test_much_is_sent_as_the_other_end_takes_it(xend: FakeXend, client: Client) -> None:
    start, heard = threading.Event(), threading.Event()
    received: list[bytes] = []

    def listen(websocket: WebSocket) -> None:
        start.wait(10)
        while sum(map(len, received)) < 1_000_000:
            received.append(websocket.receive() or b"")
        heard.set()

    xend.console = listen
    console = Console.connect(client, "web")
    for _ in range(100):
        console.send(b"x" * 10_000)
    assert console.unsent
    start.set()
    while console.unsent:
        assert select.select([], [console], [], 10)[1]
        console.flush()
    assert heard.wait(10)
    assert sum(map(len, received)) == 1_000_000
    console.close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (problem("no such domain"), 3),
        (Answer({"detail": "x"}, 403), 1),
        (Answer(raw=b"HTTP/1.1 500 x\r\n\r\n<html>"), 1),
        (Answer(raw=b"HTTP/1.1 200 OK\r\n\r\n{}"), 1),
        (Answer(raw=b"HTTP/1.1 101 x\r\nUpgrade: tea\r\n\r\n"), 7),
        (Answer(raw=b"SSH-2.0-OpenSSH\r\n"), 7),
        (Answer(raw=b""), 7),
    ],
)
def test_a_refusal_is_an_error(xend: FakeXend, client: Client, answer: Answer, code: int) -> None:
    xend.routes["GET /domains/web/console"] = answer
    with pytest.raises(ClientError) as caught:
        Console.connect(client, "web")
    assert caught.value.exit_code == code
    assert caught.value.message


def test_an_xend_that_does_not_answer_is_given_up(root: Path, client: Client) -> None:
    (root / "run/xenia").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(client.socket_path)
        silent.listen()
        with pytest.raises(ClientError) as caught:
            Console.connect(client, "web", seconds=0.05)
    assert caught.value.exit_code == 6
