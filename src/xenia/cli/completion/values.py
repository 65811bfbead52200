"""What may stand in a place of a command line, by the word that names the place in the command's usage."""

from __future__ import annotations

import os

from xenia.cli.command import Context
from xenia.client.domains import domain_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action
    from collections.abc import Callable, Iterable
    from typing import Any

    Offer = tuple[str, str]

_PATIENCE = 1.0
"""Seconds for xend. Who presses Tab does not wait for longer."""

_RUNS = frozenset({"running", "blocked"})
_STATES = {
    "start": frozenset({"defined"}),
    "delete": frozenset({"defined"}),
    "unpause": frozenset({"paused"}),
    "pause": _RUNS,
    "shutdown": _RUNS,
    "reboot": _RUNS,
    "reset": _RUNS,
    "sysrq": _RUNS,
    "send-key": _RUNS,
    "rdp": _RUNS,
    "trigger": _RUNS,
    "button-press": _RUNS,
}
"""The states of the domains that a command is for, where it is not for all that exist."""

_DEFINED_TOO = frozenset({"autostart", "list", "rename", "domstate", "mem-set", "mem-max"})
"""Commands that take domains which only are defined as well, by a place called DOMAIN."""

_DOMAIN_0 = frozenset({"list", "uptime", "vcpu-list", "vcpu-pin", "domid", "domname", "domstate"})
"""Commands that Domain-0 has an answer to; most are for guests."""

_OTHER_FILES = frozenset({"disk upload"})
"""Commands whose FILE is no guest file."""

_FILES = (":files", "")


class Asked:
    """For which command, after which other words, below which root of xend or at which other host."""

    __slots__ = ("command", "given", "host", "root")

    def __init__(self, root: str, host: str, command: str, given: tuple[str, ...]) -> None:
        self.root = root
        self.host = host
        self.command = command
        self.given = given

    def get(self, path: str) -> Any:
        return Context(self.root, host=self.host).client.get(path, seconds=_PATIENCE)


def offers(action: Action, asked: Asked) -> Iterable[Offer]:
    """Raises ClientError where xend cannot be asked."""
    if action.choices:
        return [(str(choice), "") for choice in action.choices]
    place = action.metavar if isinstance(action.metavar, str) else ""
    return _PLACES.get(place, _nothing)(asked)


def _nothing(_asked: Asked) -> Iterable[Offer]:
    return ()


def _domains(asked: Asked, *, all_of_them: bool = False) -> Iterable[Offer]:
    states = _STATES.get(asked.command)
    too = asked.command in _DEFINED_TOO or asked.command.startswith("snapshot ")
    everything = all_of_them or too or (states is not None and "defined" in states)
    for domain in asked.get(f"/domains?all={'true' if everything else 'false'}")["domains"]:
        wanted = domain["state"] in states if states is not None else True
        if domain["domid"] == 0 and asked.command not in _DOMAIN_0:
            continue
        if wanted and domain["name"] not in asked.given and not domain["problem"]:
            yield domain["name"], domain["state"]


def _names(asked: Asked) -> Iterable[Offer]:
    return _domains(asked, all_of_them=True)


def _ids(asked: Asked) -> Iterable[Offer]:
    for domain in asked.get("/domains?all=false")["domains"]:
        if domain["domid"] is not None:
            yield str(domain["domid"]), domain["name"]


def _hosts(_asked: Asked) -> Iterable[Offer]:
    from xenia.client.hosts import known_hosts

    return ((host.name, host.url) for host in known_hosts())


def _tokens(asked: Asked) -> Iterable[Offer]:
    return ((token["id"], token["label"]) for token in asked.get("/tokens")["tokens"])


def _files_named(asked: Asked) -> Iterable[Offer]:
    return (_FILES,) if asked.command in _OTHER_FILES else _guest_files(asked)


def _guest_files(asked: Asked) -> Iterable[Offer]:
    folder = os.path.join(asked.root, "etc/xen")
    names = sorted(os.listdir(folder)) if os.access(folder, os.R_OK | os.X_OK) else []
    yield from ((name.removesuffix(".cfg"), f"{folder}/{name}") for name in names if name.endswith(".cfg"))
    yield _FILES


def _file_and_keys(asked: Asked) -> Iterable[Offer]:
    named = any("=" not in word for word in asked.given)
    return _assignments(asked) if named else _guest_files(asked)


def _keys(_asked: Asked) -> Iterable[Offer]:
    from xenia.cli.config.keys import key_table

    return [(row["name"], row["meaning"]) for rows in key_table().values() for row in rows]


def _settings(asked: Asked) -> Iterable[Offer]:
    return [(row["name"], row["meaning"]) for row in asked.get("/host/settings")["settings"]]


def _assignments(asked: Asked) -> Iterable[Offer]:
    return [(f"{key}=", meaning) for key, meaning in _keys(asked)]


def _disks(asked: Asked) -> Iterable[Offer]:
    for disk in _config(asked).get("disks") or ():
        if disk["cdrom"] or not asked.command.startswith("cd-"):
            yield disk["target"], disk["path"]


def _cards(asked: Asked) -> Iterable[Offer]:
    answer = asked.get(domain_path(asked.given[0]))
    return [(str(number), mac) for number, mac in enumerate(answer.get("macs") or ())]


def _networks(asked: Asked) -> Iterable[Offer]:
    return [(row["name"], row["state"]) for row in asked.get("/networks")["networks"] if row["name"] not in asked.given]


def _snapshots(asked: Asked) -> Iterable[Offer]:
    found = asked.get(f"{domain_path(asked.given[0])}/snapshots")["snapshots"]
    return [(each["name"], each["description"]) for each in found if each["name"] not in asked.given[1:]]


def _config(asked: Asked) -> dict[str, Any]:
    config: dict[str, Any] | None = asked.get(domain_path(asked.given[0]))["config"]
    return config or {}


def _commands(asked: Asked) -> Iterable[Offer]:
    from xenia.cli.commands import TABLE, resolve

    table = resolve(asked.given[:1]).entry.rows() if asked.given else TABLE
    return [(entry.name, entry.summary) for entry in table]


def _state_words(_asked: Asked) -> Iterable[Offer]:
    from xenia.cli.list import STATES

    return [(word, "") for word in STATES]


def _engines(_asked: Asked) -> Iterable[Offer]:
    return [("qemu", ""), ("xen", "")]


def _agent_actions(_asked: Asked) -> Iterable[Offer]:
    from xenia.cli.agent import ACTIONS

    return [(name, sentence) for name, (sentence, _) in ACTIONS.items()]


def _card_keys(_asked: Asked) -> Iterable[Offer]:
    return [(f"{key}=", "") for key in ("bridge", "ip", "mac", "model", "rate", "script", "type", "vifname")]


def _images(asked: Asked) -> Iterable[Offer]:
    """For xm disk also those that there are, as it calls them."""
    if asked.command.startswith("disk "):
        folder = os.path.join(asked.root, "var/lib/xen/")
        for image in asked.get("/images")["images"]:
            yield image["path"].removeprefix(folder), image["format"]
    yield _FILES


def _files(_asked: Asked) -> Iterable[Offer]:
    return (_FILES,)


_PLACES: dict[str, Callable[[Asked], Iterable[Offer]]] = {
    "DOMAIN": _domains,
    "NAME": _names,
    "ID": _ids,
    "HOST": _hosts,
    "TOKEN": _tokens,
    "FILE": _files_named,
    "FILE|NAME key=value": _file_and_keys,
    "key=value": _assignments,
    "KEY": _keys,
    "KEY[=VALUE]": _settings,
    "DEV": _disks,
    "CARD": _cards,
    "NETWORK": _networks,
    "KEY=VALUE": _card_keys,
    "ACTION": _agent_actions,
    "ENGINE": _engines,
    "IMAGE": _images,
    "SNAPSHOT": _snapshots,
    "DIR": _files,
    "COMMAND": _commands,
    "STATES": _state_words,
    "VCPU": lambda _: (("all", "all of its virtual CPUs"),),
}
