from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from tests.cli.fake_xend import Answer, FakeXend, job, problem

from xenia.client.domains import follow, submit
from xenia.client.errors import EXIT_CODES, ClientError
from xenia.client.http import Client, quote
from xenia.model.errors import EXIT_INTERRUPTED, ErrorKind


def test_kinds_and_exit_codes_are_those_of_the_model() -> None:
    assert {kind.value: kind.exit_code for kind in ErrorKind}.items() <= EXIT_CODES.items()
    assert EXIT_CODES["interrupted"] == EXIT_INTERRUPTED


def test_an_answer_with_a_length_is_read(xend: FakeXend, client: Client) -> None:
    xend.routes["GET /host"] = {"name": "höst"}
    assert client.get("/host") == {"name": "höst"}


def test_an_answer_is_whole_when_it_is_as_long_as_it_says(root: Path, client: Client) -> None:
    """Nobody waits for the other end to close."""
    path = root / "run/xenia/xend.sock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        answered = threading.Event()

        def answer() -> None:
            with listener.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Len")
                connection.sendall(b'gth: 10\r\n\r\n{"a"')
                connection.sendall(b": [1]")
                connection.sendall(b"}")
                answered.wait(20)

        server = threading.Thread(target=answer)
        server.start()
        try:
            assert client.get("/host", seconds=10) == {"a": [1]}
        finally:
            answered.set()
            server.join()


def test_an_answer_in_chunks_is_joined(xend: FakeXend, client: Client) -> None:
    raw = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n{"a"\r\n6\r\n: [1]}\r\n0\r\n\r\n'
    xend.routes["GET /host"] = Answer(raw=raw)
    assert client.get("/host") == {"a": [1]}


def test_a_body_is_sent_as_json(xend: FakeXend, client: Client) -> None:
    xend.routes["POST /plan"] = {}
    client.post("/plan", {"text": "name = 'ä\udcff'\n" * 100000})
    assert xend.requests == [("POST", "/plan", {"text": "name = 'ä\udcff'\n" * 100000})]


def test_a_problem_becomes_an_error_with_all_it_says(xend: FakeXend, client: Client) -> None:
    complaint = {"severity": "error", "message": "m", "file": "f", "line": 1, "column": 2, "text": "t", "hint": None}
    xend.routes["GET /host"] = problem("bad", "invalid", 422, 1, hint="do this", complaints=[complaint])
    with pytest.raises(ClientError) as caught:
        client.get("/host")
    assert (caught.value.message, caught.value.hint, caught.value.exit_code) == ("bad", "do this", 1)
    assert caught.value.complaints == (complaint,)
    assert caught.value.to_json()["complaints"] == [complaint]


@pytest.mark.parametrize("body", [None, "text", [], {"detail": 3, "exit_code": "x", "complaints": 5, "hint": 1}])
def test_a_failure_without_a_proper_problem_still_is_an_error(xend: FakeXend, client: Client, body: object) -> None:
    xend.routes["GET /host"] = Answer(body, 500)
    with pytest.raises(ClientError) as caught:
        client.get("/host")
    assert caught.value.exit_code == 1
    assert caught.value.message


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 two OK\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{",
    ],
)
def test_half_and_strange_answers_are_told_as_an_unreachable_xend(xend: FakeXend, client: Client, raw: bytes) -> None:
    xend.routes["GET /host"] = Answer(raw=raw)
    with pytest.raises(ClientError) as caught:
        client.get("/host")
    assert caught.value.exit_code == 7


def test_without_a_socket_the_path_and_the_way_to_start_are_told(root: Path, client: Client) -> None:
    with pytest.raises(ClientError) as caught:
        client.get("/host")
    assert f"{root}/run/xenia/xend.sock" in caught.value.message
    assert caught.value.hint == f"is xend running? start it: xend --root {root}"
    assert caught.value.exit_code == 7


def test_the_root_of_the_host_needs_no_option() -> None:
    assert Client("/").socket_path == "/run/xenia/xend.sock"


def test_a_socket_that_nobody_listens_on_is_unreachable(root: Path, client: Client) -> None:
    (root / "run/xenia").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(client.socket_path)
    with pytest.raises(ClientError, match="nobody listens"):
        client.get("/host")


def test_a_path_too_long_for_a_socket_is_unreachable(root: Path) -> None:
    with pytest.raises(ClientError, match="too long") as caught:
        Client(f"{root}/{'x' * 120}").get("/host")
    assert caught.value.exit_code == 7


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give its rights away")
def test_no_permission_says_which_group_helps(xend: FakeXend, root: Path, client: Client) -> None:
    root.chmod(0o755)
    xend.path.chmod(0o600)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            client.get("/host")
        except ClientError as error:
            os.write(writer, f"{error.exit_code} {error.message} {error.hint}".encode())
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    assert told.startswith("4 ")
    assert "permission denied" in told
    assert "adduser USER xen" in told


def test_an_xend_that_does_not_answer_is_given_up(root: Path, client: Client) -> None:
    (root / "run/xenia").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(client.socket_path)
        silent.listen()
        with pytest.raises(ClientError) as caught:
            client.get("/host", seconds=0.05)
    assert caught.value.exit_code == 6


def test_an_answer_that_drips_without_end_is_given_up(root: Path, client: Client) -> None:
    (root / "run/xenia").mkdir(parents=True)
    given_up = threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(client.socket_path)
        listener.listen()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                while not given_up.wait(0.01):
                    connection.send(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(ClientError) as caught:
            client.get("/host", seconds=0.2)
        given_up.set()
        thread.join()
    assert caught.value.exit_code == 6


def test_a_job_is_followed_until_it_has_ended(xend: FakeXend, client: Client) -> None:
    xend.routes["POST /domains/web/pause?wait=30"] = Answer({"job": job(state="running")}, 202)
    xend.routes["GET /jobs/7?wait=30"] = [{"job": job(state="running")}, {"job": job(result={"x": 1})}]
    started = submit(client, "/domains/web/pause", {})
    assert follow(client, started)["result"] == {"x": 1}


def test_a_job_that_failed_raises_its_error(xend: FakeXend, client: Client) -> None:
    error = {"detail": "QEMU died", "kind": "engine_failed", "hint": "see its log", "exit_code": 1}
    xend.routes["GET /jobs/7?wait=30"] = {"job": job(state="failed", error=error)}
    with pytest.raises(ClientError, match="QEMU died"):
        follow(client, job(state="running"))


@pytest.mark.parametrize("state", ["lost", "cancelled"])
def test_a_job_that_ended_otherwise_is_an_error_too(xend: FakeXend, client: Client, state: str) -> None:
    xend.routes["GET /jobs/7?wait=30"] = {"job": job(state=state)}
    with pytest.raises(ClientError, match=f"was {state}"):
        follow(client, job(state="running"))


def test_following_ends_with_its_time(xend: FakeXend, client: Client) -> None:
    xend.routes["GET /jobs/7?wait=0.001"] = {"job": job(state="running")}
    with pytest.raises(ClientError) as caught:
        follow(client, job("shutdown", state="running"), seconds=0)
    assert caught.value.exit_code == 6
    assert "xm destroy web" in (caught.value.hint or "")


def test_quoting_keeps_only_what_urls_reserve_for_names() -> None:
    assert quote("a.b-c_~9") == "a.b-c_~9"
    assert quote("/?#%& ä\udcff\r\n") == "%2F%3F%23%25%26%20%C3%A4%FF%0D%0A"
