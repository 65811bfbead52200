"""xend killed at random moments while real guests are made, changed and ended.

XENIA_KILLS says how many kills; XENIA_SEED begins another series.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from tests.engines.qemu import sectors
from tests.support.api import get
from tests.support.live import LIMIT, LiveHost, until
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.sync.client import unix_connect

pytestmark = [pytest.mark.crash, pytest.mark.qemu]

KILLS = int(os.environ.get("XENIA_KILLS", "40"))
MANY = int(os.environ.get("XENIA_KILLS", "400"))
SEED = int(os.environ.get("XENIA_SEED", "1"))

LONGEST = {True: 0.1, False: 0.02}
"""Seconds from the request to the kill, at most; by whether a create is among what is asked for."""

NAMES = ("anna", "berta", "carla", "dora")
OPERATIONS = ("create", "destroy", "destroy", "pause", "unpause", "reboot", "shutdown", "type p", "type r")
RUN_FILES = {"started.json", "lease", "monitor.sock", "console-serial.in"}


@dataclass
class Promise:
    """What is known about one domain: there or not, paused or not; None where no answer came."""

    there: bool | None = False
    paused: bool | None = None
    may_end: bool = False
    """It was told to power itself off, which it does at any time."""


@dataclass(frozen=True)
class Wish:
    """What is asked for one domain at one time."""

    name: str
    what: str
    paused: bool


@dataclass
class Series:
    """One host and the kills of its xend."""

    host: LiveHost
    random: random.Random
    promises: dict[str, Promise] = field(default_factory=lambda: {name: Promise() for name in NAMES})
    seen: Counter[str] = field(default_factory=Counter)

    def define(self) -> None:
        self.host.images.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            self.disk(name).write_bytes(sectors.obedient())
            self.host.hvm(name, f"disk = ['file:{self.disk(name)},hda,w']\nvif = ['']\n")

    def disk(self, name: str) -> Path:
        return self.host.images / f"{name}.img"

    @property
    def socket(self) -> Path:
        return self.host.root / "run/xenia/xend.sock"

    def ask(self, *, kill: bool) -> None:
        """Ask for something of one or some domains; and kill xend in the midst of it."""
        wishes = [self._wish(name) for name in self.random.sample(NAMES, self.random.choice((1, 1, 2, 3)))]
        delay = self.random.uniform(0, LONGEST[any(wish.what == "create" for wish in wishes)])
        together = Barrier(len(wishes) + 1)
        with ThreadPoolExecutor(len(wishes)) as pool:
            answers = [pool.submit(self._ask, wish, together) for wish in wishes]
            together.wait(LIMIT)
            if kill:
                time.sleep(delay)  # the random moment itself
                self.host.stop()
        for wish, answer in zip(wishes, answers, strict=True):
            status = answer.result(LIMIT)
            assert status or kill, f"{wish}: no answer"
            self._learn(wish, status)

    def _wish(self, name: str) -> Wish:
        what = "create" if self.promises[name].there is False else self.random.choice(OPERATIONS)
        return Wish(name, what, paused=self.random.random() < 0.7)

    def _ask(self, wish: Wish, together: Barrier) -> int:
        """The status of the answer; 0 when none came."""
        if wish.what.startswith("type"):
            return self._type(wish, together)
        target, body = f"/v1/domains/{wish.name}/{wish.what}?wait=30", {}
        if wish.what == "create":
            file = self.host.root / f"etc/xen/{wish.name}.cfg"
            target, body = "/v1/domains?wait=30", {"text": file.read_text(), "file": str(file), "paused": wish.paused}
        connection = http.client.HTTPConnection("xend")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(LIMIT)
        connection.sock.connect(str(self.socket))
        together.wait(LIMIT)
        try:
            connection.request("POST", target, json.dumps(body), {"Content-Type": "application/json"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def _type(self, wish: Wish, together: Barrier) -> int:
        """A character on the guest's console, which obeys it: p for power off, r for reset."""
        together.wait(LIMIT)
        try:
            with unix_connect(str(self.socket), f"ws://xend/v1/domains/{wish.name}/console?kind=serial") as console:
                console.send(wish.what[-1].encode())
                return 200
        except InvalidHandshake:
            return 409
        except (OSError, EOFError, WebSocketException):
            return 0

    def _learn(self, wish: Wish, status: int) -> None:
        assert status in (0, 200, 404, 409), (wish, status)
        self.seen[f"{wish.what}: {'cut off' if status == 0 else 'done' if status == 200 else 'refused'}"] += 1
        promise = self.promises[wish.name]
        if wish.what == "type p" and status in (0, 200):
            promise.may_end = True
        if status == 0:
            self._doubt(wish, promise)
        elif status == 200 and wish.what == "create":
            self.promises[wish.name] = Promise(there=True, paused=wish.paused)
        elif status == 200 and wish.what == "destroy":
            self.promises[wish.name] = Promise(there=False)
        elif status == 200 and wish.what in ("pause", "unpause"):
            promise.paused = wish.what == "pause"
        elif wish.what == "create":
            assert promise.there is not False, f"{wish.name} is refused, but was not there"

    @staticmethod
    def _doubt(wish: Wish, promise: Promise) -> None:
        if wish.what in ("create", "destroy") and not (wish.what == "create" and promise.there):
            promise.there = promise.paused = None
        elif wish.what in ("pause", "unpause"):
            promise.paused = None

    def check(self) -> None:
        """All promises are kept, and QEMU's processes, the run folders and xend's list are the same domains."""
        domains = self.domains()
        for name, promise in self.promises.items():
            state = domains.get(name, {}).get("state")
            if promise.there is not None and not promise.may_end:
                assert (state is not None) is promise.there, f"{name}: {promise}, but is {state}"
            if promise.there and promise.paused is not None and not promise.may_end:
                assert (state == "paused") is promise.paused, f"{name}: {promise}, but is {state}"
        try:
            until(self._agree, "processes, run folders and list are the same", seconds=20)
        except AssertionError as error:
            raise AssertionError(self._account()) from error
        domains = self.domains()
        for name, promise in self.promises.items():
            there = name in domains
            may_end = there and promise.may_end
            paused = domains[name]["state"] == "paused" if there else None
            self.promises[name] = Promise(there, paused, may_end)

    def _agree(self) -> bool:
        guests, folders = self.host.guests(), self.host.run_folders
        listed = sorted(domain["uuid"] for domain in self.domains().values())
        assert all(len(pids) == 1 for pids in guests.values()), f"runs twice: {guests}"
        return sorted(guests) == listed == folders and all(set(self._files(uuid)) == RUN_FILES for uuid in folders)

    def _account(self) -> str:
        """What is there, for who has to find out why it does not agree."""
        folders = {uuid: self._files(uuid) for uuid in self.host.run_folders}
        return f"{self.host.guests()=} {folders=} {self.domains()=}\n{self.host.log[-3000:]}"

    def _files(self, uuid: str) -> list[str]:
        """What is in the domain's run folder, which xend may remove meanwhile."""
        try:
            return sorted(os.listdir(self.host.domains / uuid))
        except FileNotFoundError:
            return []

    def domains(self) -> dict[str, dict[str, Any]]:
        """What xend lists, by name."""
        domains = json.loads(get(self.socket, "/v1/domains")[1])["domains"]
        by_name = {domain["name"]: domain for domain in domains if domain["domid"] != 0}
        assert len(by_name) == len(domains) - 1
        return by_name

    def unfinished(self) -> list[dict[str, Any]]:
        jobs = json.loads(get(self.socket, "/v1/jobs")[1])["jobs"]
        return [job for job in jobs if job["state"] == "running"]


def run(host: LiveHost, kills: int, seed: int) -> None:
    series = Series(host, random.Random(seed))  # noqa: S311 (a series that can be had again)
    series.define()
    took = host.start()
    for _ in range(kills):
        pid = host.pid
        if series.random.random() < 0.2:
            host.stop()
            host.launch()
            time.sleep(series.random.uniform(0.5, 1.0) * took)  # finding the guests again is the last that it does
            host.stop()
            series.seen["start: cut off"] += 1
        else:
            series.ask(kill=False)
            series.ask(kill=True)
        until(lambda pid=pid: not workers_of(pid), "the worker of a killed xend has ended")
        took = host.start()
        assert series.unfinished() == []
        series.check()
    print(
        f"\n{kills} kills, seed {seed}:",
        *(f"{what} {count}" for what, count in sorted(series.seen.items())),
        sep="\n  ",
    )
    for name in host.names():
        said = host.xm("destroy", name)
        assert said.code in (0, 3), said  # it may power itself off just now
    host.nothing_left()
    assert list(series.domains()) == []
    for name in NAMES:
        subprocess.run(["qemu-io", "-f", "raw", "-c", "read 0 512", series.disk(name)], check=True, capture_output=True)


def workers_of(pid: int) -> list[str]:
    """Processes that work for the xend `pid`."""
    found = subprocess.run(["pgrep", "-f", f'"parent": {pid}'], capture_output=True, text=True, check=False)
    return found.stdout.split()


@pytest.mark.timeout(300 + 10 * KILLS)
def test_no_kill_of_xend_loses_doubles_or_leaks_a_guest(stopped_host: LiveHost) -> None:
    run(stopped_host, KILLS, SEED)


@pytest.mark.full
@pytest.mark.timeout(300 + 10 * MANY)
def test_nor_do_many_kills(stopped_host: LiveHost) -> None:
    run(stopped_host, MANY, SEED + 1)
