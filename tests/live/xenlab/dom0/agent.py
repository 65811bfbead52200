#!/usr/bin/python3 -IS
"""The agent in dom0: does what the machine outside asks for, one request a connection, any number of them at once.

A request is one line of JSON, followed by `size` bytes; an answer as well, followed by `out` and `err` bytes.

    {"run": [WORD...], "env": {}, "folder": "/", "timeout": SECONDS, "size": N}   stdin follows → code, out, err
    {"spawn": [WORD...], "env": {}, "folder": "/", "log": PATH, "size": 0}        → code: the process id
    {"daemon": [WORD...], and as for spawn, "timeout": SECONDS}                   → the same, once it says it is ready
    {"hear": WORD, "times": N, "in": [PATH...], "timeout": SECONDS, "size": 0}    → code: 0 as soon as the files say it
    {"end": PID, "signal": N, "size": 0}                                          sends it, and waits for the end
    {"put": PATH, "mode": MODE, "size": N}                                        the content follows
    {"get": PATH, "size": 0}                                                      → out: the content

An answer with `error` tells why a request could not be done. With "warm": NAME and "function": "MODULE:NAME"
beside them, the words are not a program and its arguments but those of this function, in a process of that warm.py's.
"""

import json
import os
import select
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from pathlib import Path

PORT = 7777
WARM = "/run/xenlab-warm-{}"


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline()
        if not line:
            return
        request = json.loads(line)
        content = self.rfile.read(request["size"])
        try:
            code, out, err = answer(request, content)
            head = {"code": code, "out": len(out), "err": len(err)}
        except (OSError, ValueError) as error:
            out, err, head = b"", b"", {"error": str(error), "out": 0, "err": 0}
        self.wfile.write(json.dumps(head).encode() + b"\n" + out + err)


def answer(request, content):
    if "run" in request:
        return run(request, content)
    if "spawn" in request:
        return spawn(request).pid, b"", b""
    if "daemon" in request:
        return daemon(request), b"", b""
    if "hear" in request:
        return hear(request), b"", b""
    if "end" in request:
        end(request["end"], request["signal"])
        return 0, b"", b""
    if "put" in request:
        put(Path(request["put"]), content, request["mode"])
        return 0, b"", b""
    with open(request["get"], "rb") as file:
        return 0, file.read(), b""


def run(request, content):
    """Run to the end, or until the time is over: then all of its session is killed, and the code is 124 as timeout(1)
    has it. It speaks to files and not to pipes: what it leaves running may hold them open.
    """
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        stdin.write(content)
        stdin.seek(0)
        process = start(request, stdin, out, err)
        try:
            code = process.wait(request["timeout"])
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = 124
        return code, whole(out), whole(err)


def start(request, stdin, out, err):
    words = request.get("run") or request.get("spawn") or request["daemon"]
    if "function" in request:
        return Forked(request, words, stdin, out, err)
    return subprocess.Popen(
        words,
        env=os.environ | request["env"],
        cwd=request["folder"],
        stdin=stdin,
        stdout=out,
        stderr=err,
        start_new_session=True,
    )


class Forked:
    """A process of warm.py's, with what is needed here of a Popen."""

    def __init__(self, request, words, *files):
        self.connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.connection.connect(WARM.format(request["warm"]))
        asked = {"function": request["function"], "argv": words, "env": request["env"], "folder": request["folder"]}
        socket.send_fds(self.connection, [json.dumps(asked).encode()], [file.fileno() for file in files])
        self.pid = self.told()["pid"]

    def wait(self, timeout=None):
        self.connection.settimeout(timeout)
        try:
            code = self.told()["code"]
        except TimeoutError:
            raise subprocess.TimeoutExpired([], timeout) from None
        self.connection.close()
        return code

    def told(self):
        said = self.connection.recv(4096)
        if not said:
            raise OSError("warm.py has hung up")
        return json.loads(said)


def whole(file):
    file.seek(0)
    return file.read()


def spawn(request):
    with open(request["log"], "ab") as log, open(os.devnull, "rb") as nothing:
        process = start(request, nothing, log, log)
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def daemon(request):
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{folder}/ready")
        request["env"]["NOTIFY_SOCKET"] = f"{folder}/ready"
        process = spawn(request)
        ended = os.pidfd_open(process.pid)
        ready, _, _ = select.select([manager, ended], [], [], request["timeout"])
        os.close(ended)
    if manager not in ready:
        raise OSError("it has ended" if ready else f"it was not ready within {request['timeout']} s")
    return process.pid


def hear(request):
    """0 when the files together have the word so often, 1 when they do not in time; some may not be there yet."""
    word, deadline = request["hear"].encode(), time.monotonic() + request["timeout"]
    sizes = None
    while time.monotonic() < deadline:
        there = [path for path in map(Path, request["in"]) if path.exists()]
        now = [path.stat().st_size for path in there]
        if now != sizes:
            sizes = now
            if sum(path.read_bytes().count(word) for path in there) >= request["times"]:
                return 0
        time.sleep(0.1)
    return 1


def end(pid, number):
    process = os.pidfd_open(pid)
    signal.pidfd_send_signal(process, number)
    select.select([process], [], [])
    os.close(process)


def put(path, content, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("10.0.2.15", PORT), Conversation) as server:
        print("xenlab: ready", flush=True)
        server.serve_forever()
