"""A listener of the live stream, as a page would be one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection

Frame = dict[str, Any]


async def frame(stream: ClientConnection) -> Frame:
    """The next one."""
    async with asyncio.timeout(30):
        said = await stream.recv()
    assert isinstance(said, str)
    told: Frame = json.loads(said)
    return told


async def until_told(stream: ClientConnection, wanted: Callable[[Frame], bool]) -> list[Frame]:
    """All frames to the first that is wanted."""
    seen = [await frame(stream)]
    while not wanted(seen[-1]):
        seen.append(await frame(stream))
    return seen


def event(kind: str, domain: str) -> Callable[[Frame], bool]:
    return lambda told: told["type"] == "event" and (told["kind"], told["domain"]) == (kind, domain)


def row(name: str, state: str | None) -> Callable[[Frame], bool]:
    """The new row of a domain, in that state; None where it is gone."""
    return lambda told: (
        told["type"] == "domain"
        and told["name"] == name
        and (told["row"]["state"] if told["row"] is not None else None) == state
    )


def done(operation: str) -> Callable[[Frame], bool]:
    """The end of a job."""
    return lambda told: (
        told["type"] == "job" and (told["job"]["operation"], told["job"]["state"]) == (operation, "done")
    )


class Page:
    """What a page knows that has taken in frames, by the rules that are written down of them."""

    def __init__(self) -> None:
        self.run = ""
        self.sequence = -1
        self.domains: dict[str, Frame] = {}
        self.jobs: dict[int, Frame] = {}
        self.events: list[int] = []
        self.resynced = 0

    def take(self, told: Frame) -> None:
        match told["type"]:
            case "state":
                self.run, self.sequence = told["run"], told["sequence"]
                self.domains = {each["name"]: each for each in told["domains"]}
                self.jobs = {each["id"]: each for each in told["jobs"]}
                self.events.clear()
            case "resync":
                self.resynced += 1
            case "event":
                assert told["sequence"] == self.sequence + 1, "an event was lost or told twice"
                self.sequence = told["sequence"]
                self.events.append(self.sequence)
            case "domain" if told["row"] is None:
                self.domains.pop(told["name"], None)
            case "domain":
                self.domains[told["name"]] = told["row"]
            case "job":
                self.jobs[told["job"]["id"]] = told["job"]

    @property
    def query(self) -> str:
        return f"?run={self.run}&after={self.sequence}"
