#!/usr/bin/python3 -IS
"""The agent in dom0: does what the machine outside asks for, one request a connection, any number of them at once.

A request is one line of JSON, followed by `size` bytes; an answer as well, followed by `out` and `err` bytes.

    {"run": [WORD...], "env": {}, "folder": "/", "timeout": SECONDS, "size": N}   stdin follows → code, out, err
    {"spawn": [WORD...], "env": {}, "folder": "/", "log": PATH, "size": 0}        → code: the process id
    {"put": PATH, "mode": MODE, "size": N}                                        the content follows
    {"get": PATH, "size": 0}                                                      → out: the content

An answer with `error` tells why a request could not be done.
"""

import json
import os
import signal
import socketserver
import subprocess
import tempfile
import threading
from pathlib import Path

PORT = 7777


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
        return spawn(request), b"", b""
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
    return subprocess.Popen(
        request.get("run") or request["spawn"],
        env=os.environ | request["env"],
        cwd=request["folder"],
        stdin=stdin,
        stdout=out,
        stderr=err,
        start_new_session=True,
    )


def whole(file):
    file.seek(0)
    return file.read()


def spawn(request):
    with open(request["log"], "ab") as log:
        process = start(request, subprocess.DEVNULL, log, log)
    threading.Thread(target=process.wait, daemon=True).start()
    return process.pid


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
