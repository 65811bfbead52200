"""What is done to a domain as a whole: it is asked to end, ended, started over, held, let run on, taken over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xenia.manager.adoption import Adoption
from xenia.manager.freezing import Freezing
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.manager.turns import Turns, Verb
from xenia.model.agent import ShutdownMode
from xenia.model.caller import Caller
from xenia.model.domain import Intent
from xenia.model.errors import conflict, invalid, not_found
from xenia.model.event import EventKind
from xenia.model.job import Job

_ASKS = frozenset({"shutdown", "reboot"})


@dataclass(frozen=True, slots=True)
class Power:
    lifecycle: Lifecycle
    adoption: Adoption
    freezing: Freezing
    turns: Turns

    def operate(
        self,
        operation: str,
        ref: str,
        caller: Caller,
        *,
        until_gone: bool = False,
        mode: ShutdownMode = ShutdownMode.AUTO,
    ) -> Job:
        """shutdown, reboot, reset, destroy, pause, unpause or adopt, as a job. What the verb tells is in its result.

        `mode` is how a guest is asked to shut down or to reboot. With `until_gone` the job ends when the guest has
        ended (shutdown) or has started over (reboot). Raises at once what can be said at once: not_found, a wrong
        state, a missing role, what the engine cannot do.
        """
        verbs: dict[str, Verb] = {
            "shutdown": lambda entry: self._ask(entry, Intent.SHUTDOWN, mode),
            "reboot": lambda entry: self._ask(entry, Intent.REBOOT, mode),
            "destroy": lambda entry: self.lifecycle.end(entry, EventKind.ENDED, "destroyed"),
            "pause": self.lifecycle.pause,
            "unpause": self.lifecycle.unpause,
            "reset": self.reset,
            "adopt": self.adoption.adopt,
        }
        if operation not in verbs:
            raise not_found(f"there is no operation '{operation}'", f"there are: {', '.join(verbs)}")
        if mode is not ShutdownMode.AUTO and operation not in _ASKS:
            raise invalid(f"{operation} asks no guest: it has no mode")
        return self.turns.start(operation, ref, caller, verbs[operation], until_gone=until_gone)

    async def reset(self, entry: Entry) -> None:
        """Start a guest over at once, as by its reset button. Raises a conflict for one of others, engine_failed."""
        if entry.started.foreign:
            name = entry.started.config.name
            raise conflict(f"domain '{name}' was started by others", f"take it over first: xm adopt {name}")
        await self.lifecycle.start_over(entry, "reset")

    async def _ask(self, entry: Entry, intent: Intent, mode: ShutdownMode) -> dict[str, Any]:
        """A guest that cannot write cannot shut down."""
        await self.freezing.thaw_if_frozen(entry)
        return {"asked": (await self.lifecycle.ask(entry, intent, mode)).value}
