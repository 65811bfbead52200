"""Keys of guest files that nothing else here asks for: those that have no effect on QEMU, and why."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.engines.remarks import note
from xenia.guestfile.keys import KEYS, Effect
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig


def explain_others(config: DomainConfig) -> Iterator[Complaint]:
    """What of `config.other` has no effect on QEMU."""
    for name in config.other:
        key = KEYS.get(name)
        if key is not None and key.qemu.effect is Effect.IGNORED:
            yield note(name, f"{name} has no effect on QEMU: {key.qemu.reason}")
