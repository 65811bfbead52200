"""xenia-web as a process, in front of a xend that is one, too."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.live import LIMIT, until
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from xenia.gateway.server import listen

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="giving up rights needs to have them")

SETTINGS = """\
engine = "simulated"
[web]
address = "127.0.0.1"
port = 0
"""


class Host:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "etc/xen").mkdir(parents=True)
        (root / "etc/xen/xend.toml").write_text(SETTINGS)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, module: str) -> None:
        name = module.split(".")[1]
        with (self.root / f"{name}.out").open("wb") as out:
            command = [sys.executable, "-m", module, "--root", str(self.root)]
            self.running[name] = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def start_all(self) -> None:
        self.start("xenia.daemon.main")
        until(lambda: "xend is ready" in self.said("daemon"), "xend listens")  # its sockets are there before
        self.start_web()

    def start_web(self) -> None:
        self.start("xenia.gateway.main")
        until(lambda: "SHA-256" in self.said("gateway"), "xenia-web listens")

    def said(self, name: str) -> str:
        return (self.root / f"{name}.out").read_text()

    def url(self, path: str) -> str:
        found = re.search(r"https://127\.0\.0\.1:\d+", self.said("gateway"))
        assert found is not None, self.said("gateway")
        return found[0] + path

    def ask(self, path: str, secret: str = "", body: object = None) -> tuple[int, dict[str, object]]:
        request = urllib.request.Request(  # noqa: S310
            self.url(path), None if body is None else json.dumps(body).encode(), {"content-type": "application/json"}
        )
        if secret:
            request.add_header("authorization", f"Bearer {secret}")
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=60) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def stream(self, secret: str, query: str = "") -> ClientConnection:
        """The live state, over TLS."""
        address = self.url(f"/v1/stream{query}").replace("https", "wss")
        known = {"authorization": f"Bearer {secret}"}
        return connect(address, ssl=self.tls, additional_headers=known, open_timeout=LIMIT)

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.root / "var/lib/xenia/web/certificate.pem"))

    def secret(self) -> str:
        command = [sys.executable, "-m", "xenia.cli.main", "--root", str(self.root), "token", "create", "a test"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def create(self, name: str) -> None:
        """A guest, made over the unix socket."""
        file = self.root / f"etc/xen/{name}.cfg"
        file.write_text(f"name = '{name}'\nbuilder = 'hvm'\n")
        command = [sys.executable, "-m", "xenia.cli.main", "--root", str(self.root), "create", "-q", name]
        subprocess.run(command, check=True, capture_output=True)

    def memory(self, name: str) -> int:
        """Bytes of memory that a process has."""
        status = Path(f"/proc/{self.running[name].pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait(30)

    def end(self, name: str) -> int:
        process = self.running.pop(name)
        process.terminate()
        return process.wait(30)

    def close(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()


@pytest.fixture
def host() -> Iterator[Host]:
    with tempfile.TemporaryDirectory(prefix="xw") as folder:
        host = Host(Path(folder))
        try:
            yield host
        finally:
            host.close()


def test_it_answers_for_xend_and_both_may_start_anew(host: Host) -> None:
    host.start_all()
    secret = host.secret()
    assert host.ask("/v1/me", secret)[1]["role"] == "administrator"
    assert host.ask("/v1/me")[0] == 401
    fingerprint = host.said("gateway").split("SHA-256 ")[1].split()[0]
    assert host.end("daemon") == 0
    assert host.ask("/v1/me", secret)[0] == 503
    host.start("xenia.daemon.main")
    until(lambda: host.ask("/health")[0] == 200, "xend answers again")
    assert host.ask("/v1/me", secret)[0] == 200
    assert host.end("gateway") == 0
    host.start_web()
    assert host.said("gateway").split("SHA-256 ")[1].split()[0] == fingerprint
    assert host.ask("/v1/me", secret)[0] == 200
    tokens = (host.root / "var/lib/xenia/tokens.json").read_text()
    assert secret not in tokens + host.said("daemon") + host.said("gateway")


@pytest.mark.parametrize("end", ["end", "kill"])
def test_a_new_xend_under_open_streams_costs_them_one_more_try(host: Host, end: str) -> None:
    """A stream ends with a code that says to come back; it is told to begin anew, for sequences do."""
    host.start_all()
    secret = host.secret()
    with host.stream(secret) as stream:
        state = told(stream)
        assert state["type"] == "state"
        getattr(host, end)("daemon")
        with pytest.raises(ConnectionClosed) as closed:
            told(stream)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    with pytest.raises(InvalidStatus) as refused:
        host.stream(secret)
    assert refused.value.response.status_code == 503
    host.start("xenia.daemon.main")
    until(lambda: host.ask("/health")[0] == 200, "xend answers again")
    with host.stream(secret, f"?run={state['run']}&after={state['sequence']}") as stream:
        assert told(stream) == {"type": "resync"}
        again = told(stream)
    assert again["type"] == "state"
    assert again["run"] != state["run"]


@pytest.mark.parametrize("end", ["end", "kill"])
def test_a_new_xenia_web_under_open_streams_costs_them_one_more_try(host: Host, end: str) -> None:
    """xend has run on: what happened meanwhile is told, and nothing else."""
    host.start_all()
    secret = host.secret()
    with host.stream(secret) as stream:
        state = told(stream)
        getattr(host, end)("gateway")
        with pytest.raises(ConnectionClosed) as closed:
            told(stream)
    assert closed.value.rcvd is None if end == "kill" else closed.value.rcvd and closed.value.rcvd.code == 1012
    host.create("one")
    host.start_web()
    with host.stream(secret, f"?run={state['run']}&after={state['sequence']}") as stream:
        assert told(stream) == {"type": "resumed"}
        missed = told(stream)
    assert (missed["kind"], missed["domain"], missed["sequence"]) == ("started", "one", state["sequence"] + 1)


def told(stream: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(stream.recv(timeout=LIMIT))
    return frame


def test_a_service_manager_is_told_though_its_socket_is_out_of_sight(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(host.root / "notify"))
        manager.settimeout(LIMIT)
        monkeypatch.setenv("NOTIFY_SOCKET", str(host.root / "notify"))
        host.start_web()
        assert manager.recv(100) == b"READY=1"


@root_only
def test_it_has_no_rights_left_when_it_answers(host: Host) -> None:
    host.start_all()
    assert host.ask("/health")[0] == 200
    pid = host.running["gateway"].pid
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    uid = status["Uid"].split()[0]
    assert int(uid) > 1000
    assert status["Uid"].split() == status["Gid"].split() == [uid] * 4
    assert (status["Groups"].split(), status["NoNewPrivs"]) == ([], "1")
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[capabilities], 16) == 0
    assert Path(f"/proc/{pid}/root").readlink() == host.root / "run/xenia"
    assert (host.root / "run/xenia/web.sock").stat().st_uid == int(uid)
    assert (host.root / "run/xenia/web.sock").stat().st_mode & 0o077 == 0
    assert (host.root / "var/lib/xenia/web/key.pem").stat().st_mode & 0o077 == 0


def test_what_it_cannot_use_is_said(host: Host) -> None:
    host.start_all()
    for settings, code, told in (
        (SETTINGS, 5, "xenia-web runs here already"),
        (SETTINGS + 'certificate = "/etc/hostname"\n', 1, "go together"),
        (SETTINGS + "prot = 1\n", 1, "prot"),
    ):
        (host.root / "etc/xen/xend.toml").write_text(settings)
        if code != 5 and "gateway" in host.running:
            host.end("gateway")
        command = [sys.executable, "-m", "xenia.gateway.main", "--root", str(host.root)]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        assert (ended.returncode, told in ended.stderr, "Traceback" in ended.stderr) == (code, True, False), ended


@root_only
def test_pam_decides_about_passwords(tmp_path: Path) -> None:
    """With users of the test's own, in a mount namespace."""
    command = ["openssl", "passwd", "-6", "-stdin"]
    digest = subprocess.run(command, input="secret word\n", check=True, capture_output=True, text=True).stdout.strip()
    users = {
        "passwd": "ada:x:4711:4711::/:/bin/sh\nold:x:4712:4712::/:/bin/sh\n",
        "shadow": f"ada:{digest}:19000:0:99999:7:::\nold:{digest}:19000:0:99999:7::19001:\n",
    }
    for name, more in users.items():
        (tmp_path / name).write_text(Path("/etc", name).read_text() + more)
    binds = " && ".join(f"mount --bind {tmp_path}/{name} /etc/{name}" for name in users)
    script = f"{binds} && exec {sys.executable} -I -m xenia.daemon.passwords_main"
    for user, password, code in (
        ("ada", "secret word", 0),
        ("ada", "wrong", 1),
        ("ada", "", 1),
        ("old", "secret word", 1),
        ("nobody-at-all", "x", 1),
        ("root", "", 1),
    ):
        asked = json.dumps({"service": "xenia", "user": user, "password": password})
        command = ["unshare", "--mount", "sh", "-c", script]
        ended = subprocess.run(command, check=False, input=asked, capture_output=True, text=True)
        assert ended.returncode == code, (user, password, ended)


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
