"""Keys pressed on the keyboard that belongs to a guest's screen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from xenia.engines.base import Engine, OpensScreens
from xenia.lib.rfb import RfbError, RfbKeyboard
from xenia.manager.inventory import Inventory
from xenia.manager.locks import NameLocks
from xenia.manager.turns import Turns
from xenia.model.caller import Caller
from xenia.model.errors import engine_failed, invalid
from xenia.model.job import Job
from xenia.model.keys import Stroke, check_hold, strokes_of, text_strokes
from xenia.model.operations import OPERATIONS, require

_BETWEEN = 0.02
"""Seconds between two strokes: a guest that is told of a key twice has to see it released."""


@dataclass(frozen=True, slots=True)
class Keyboards:
    """`typists` has those who type at the same guest wait for each other. A guest's turn is not taken: it may be ended
    while somebody types.
    """

    engine: Engine
    inventory: Inventory
    turns: Turns
    typists: NameLocks = field(default_factory=NameLocks)

    def send(self, ref: str, keys: Sequence[str], text: str, hold: int, caller: Caller) -> Job:
        """Type `text` and then press `keys`, each for `hold` milliseconds, as a job with `{"domain": NAME}`, which can
        be cancelled. Nothing of them is kept: they may be passwords.

        Raises as `Inventory.find`, a conflict for a domain that does not run, invalid for what are no keys. A guest
        without a screen, and one that ends meanwhile, are the job's error.
        """
        require(caller.role, OPERATIONS["send-key"])
        domain = self.inventory.find(ref)
        self.turns.permit("send-key", domain)
        check_hold(hold)
        strokes = text_strokes(text) + strokes_of(keys)
        if not strokes:
            raise invalid("there is nothing to press", f"xm send-key {domain.name} ctrl-alt-delete")

        async def work() -> dict[str, Any]:
            async with self.typists(domain.uuid):
                connection = await cast(OpensScreens, self.engine).open_screen(domain.uuid)
                try:
                    async with RfbKeyboard(connection) as keyboard:
                        for stroke in strokes:
                            await _press(keyboard, stroke, hold / 1000)
                        await keyboard.settle()
                except RfbError as error:
                    raise engine_failed(f"the keyboard of domain '{domain.name}' cannot be reached: {error}") from None
            return {"domain": domain.name}

        return self.turns.jobs.start("send-key", domain.name, caller, work, cancellable=True)


async def _press(keyboard: RfbKeyboard, stroke: Stroke, seconds: float) -> None:
    for key in stroke:
        await keyboard.key(down=True, keysym=key.keysym, code=key.code)
    await asyncio.sleep(seconds)
    for key in reversed(stroke):
        await keyboard.key(down=False, keysym=key.keysym, code=key.code)
    await asyncio.sleep(_BETWEEN)
