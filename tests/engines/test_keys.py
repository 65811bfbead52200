"""What the table of keys says of an engine is what the engine says of a file with that key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from xenia.engines.base import Meaning
from xenia.engines.qemu.explain import explain as explain_on_qemu
from xenia.engines.qemu.facts import Facts
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.xen.explain import explain as explain_on_xen
from xenia.engines.xen.facts import XenFacts
from xenia.guestfile.keys import KEYS, Effect, Key
from xenia.guestfile.read import read
from xenia.model.domain import DomainConfig

KINDS = {
    "hvm": {"type": "type = 'hvm'", "sdl": "", "vnc": "vnc = 1"},
    "pv": {"type": "type = 'pv'", "kernel": "kernel = '/boot/vmlinuz'", "vfb": "vfb = ['vnc=1']"},
    "pv with a window": {"type": "type = 'pv'", "kernel": "kernel = '/boot/vmlinuz'", "sdl": "sdl = 1"},
    "pvh": {"type": "type = 'pvh'", "kernel": "kernel = '/boot/vmlinuz'"},
}
SETTINGS = QemuSettings(Path("/run"), Path("/log"), Path("/cache"))
ENGINES: dict[str, Callable[[DomainConfig], Meaning]] = {
    "qemu": lambda config: explain_on_qemu(config, SETTINGS, Facts(accelerator="kvm")),
    "xen": lambda config: explain_on_xen(config, XenFacts()),
}

OTHER_NAMES = {"fda": "disk", "fdb": "disk", "cpu": "cpus", "cap": "cpu_cap"}
"""What remarks on an older word call it."""

TOLD_OTHERWISE = {"vncpasswd", "fda", "fdb"}
"""Ignored with a warning that says more than that it has no effect."""


def remarks(engine: str, kind: dict[str, str], key: Key) -> list[str] | None:
    """What is said about `key` in a file with its example; None where the file is refused."""
    lines = {"name": "name = 'a'", "memory": "memory = 512", **kind, key.name: key.example}
    if key.name == "builder":
        lines.pop("type")
    reading = read("\n".join(lines.values()) + "\n", file="a.cfg")
    if reading.config is None:
        return None
    said = [*reading.complaints, *ENGINES[engine](reading.config).complaints]
    names = {key.name, OTHER_NAMES.get(key.name)}
    about = [reading.place(complaint) for complaint in said if complaint.key.partition("[")[0] in names]
    assert all(complaint.line for complaint in about)
    return [complaint.message for complaint in about]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)
def test_the_table_says_what_the_engine_says(engine: str, key: Key) -> None:
    said = [found for kind in KINDS.values() if (found := remarks(engine, kind, key)) is not None]
    if key.on(engine).effect is not Effect.IGNORED:
        assert any(not any("no effect" in message for message in messages) for messages in said), said
    elif key.name in TOLD_OTHERWISE:
        assert any(said)
    else:
        assert any("no effect" in message for messages in said for message in messages), said
