#!/usr/bin/python3 -SP
"""warm.py NAME MODULE...: runs functions of Python modules, each in a process forked from this one, which has imported
them.

Under emulation the imports of a xend take ten seconds, those of an xm most of one; the fork of a process with much
memory takes a second as well, which is why there is one for each of the names. A request is one packet of JSON with
three descriptors, for stdin, stdout and stderr; the answers are packets on the same connection:

    {"function": "MODULE:NAME", "argv": [WORD...], "env": {}, "folder": "/"}  → {"pid": N}, and at its end {"code": N}
"""

import array
import contextlib
import gc
import importlib
import json
import os
import random
import selectors
import signal
import socket
import sys

SOCKET = "/run/xenlab-warm-{}"
PATH = [f"/opt/xenia/{name}" for name in ("site", "lib", "check", "lab")]


def main(name, *modules):
    os.environ["PYTHONPATH"] = ":".join(PATH)
    sys.path[:0] = PATH
    for module in modules:
        importlib.import_module(module)
    server = Server(SOCKET.format(name))
    ready(os.environ.pop("NOTIFY_SOCKET"))
    # What is collected is written to, and so copied from the process that was forked: nothing that is there now is.
    gc.collect()
    gc.freeze()
    sys.exit(server.serve()())


def ready(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as agent:
        agent.sendto(b"READY=1", path)


class Server:
    """Waits for requests and for the ends of the processes that were forked for them."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen(64)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.running = {}
        """The descriptor of each process, and the connection that waits for its end."""

    def serve(self):
        """For ever; but in a process that is forked for a request, returns what that process is to do."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    connection = self.listener.accept()[0]
                    function = self.answer(connection, *receive(connection))
                    if function is not None:
                        return function
                else:
                    self.end(key.fd)

    def answer(self, connection, request, descriptors):
        pid = os.fork()
        if pid == 0:
            self.close()
            connection.close()
            become(request, descriptors)
            module, _, name = request["function"].partition(":")
            return getattr(importlib.import_module(module), name)
        for descriptor in descriptors:
            os.close(descriptor)
        connection.send(json.dumps({"pid": pid}).encode())
        process = os.pidfd_open(pid)
        self.running[process] = connection
        self.selector.register(process, selectors.EVENT_READ)
        return None

    def end(self, process):
        found = os.waitid(os.P_PIDFD, process, os.WEXITED)
        code = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
        self.selector.unregister(process)
        os.close(process)
        with self.running.pop(process) as connection, contextlib.suppress(OSError):  # nobody may wait for it any more
            connection.send(json.dumps({"code": code}).encode())

    def close(self):
        self.listener.close()
        self.selector.close()
        for process, connection in self.running.items():
            os.close(process)
            connection.close()


def receive(connection):
    content, ancillary, _, _ = connection.recvmsg(1 << 18, socket.CMSG_SPACE(3 * 4))
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    return json.loads(content), list(descriptors)


def become(request, descriptors):
    """What a program finds that is started: a session, a folder, an environment and words of its own."""
    os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.update(request["env"])
    sys.argv[:] = request["argv"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed()


main(*sys.argv[1:])
