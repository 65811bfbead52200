"""The bridge of the host: as the settings want it, with a way back where that would cut the host off."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from xenia.lib.aio import Tasks
from xenia.lib.codec import to_plain
from xenia.lib.steps import step, warn
from xenia.manager.jobs import Jobs
from xenia.model.bridge import BridgeWish, HostBridge
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError, conflict, denied
from xenia.model.job import Job
from xenia.network.uplink.move import now
from xenia.network.uplink.plan import Step, is_harmed, next_step, told
from xenia.network.uplink.record import Phase
from xenia.network.uplink.uplink import Uplink
from xenia.network.uplink.watchdog import CONFIRM, GIVE_UP, Task

log = logging.getLogger(__name__)

CONFIRM_SECONDS = 120.0


@dataclass(slots=True)
class Bridges:
    """`wish` reads what the settings want now; it raises what is wrong with them. A xend that is not `privileged`
    changes nothing.
    """

    uplink: Uplink
    wish: Callable[[], BridgeWish]
    jobs: Jobs
    privileged: bool = True
    seconds: float = CONFIRM_SECONDS
    _tasks: Tasks = field(default_factory=Tasks)
    _message: str = ""
    _settling: bool = False

    async def start(self) -> None:
        """Bring the bridge about before the first guest needs it. What goes wrong is logged and told by `look`."""
        try:
            await self._settle(asked=False)
        except XeniaError as error:
            self._message = error.message
            log.error("the host's bridge is not as it should be: %s; %s", error.message, error.hint)

    async def close(self) -> None:
        """What is under way goes on without xend."""
        await self._tasks.close()

    def look(self) -> HostBridge:
        """How it is. Raises as `wish`, and unavailable."""
        wish, seen = self.wish(), self.uplink.see()
        message = self._message
        if not message and seen.record is not None and seen.record.card == wish.card:
            message = seen.record.returned
        return told(wish, seen, now(), message)

    def apply(self, caller: Caller) -> Job:
        """Make it as the settings want it now, as a job with `{"bridge": HostBridge}`. Raises denied, and a conflict
        while it is being changed.
        """
        _permit(caller)
        wish = self.wish()

        async def work() -> dict[str, Any]:
            await self._settle(asked=True)
            return {"bridge": to_plain(self.look())}

        return self.jobs.start("network bridge", wish.name, caller, work)

    async def confirm(self, caller: Caller) -> HostBridge:
        """Say that the host is still reached: the card stays. Raises denied, and a conflict where nobody waits."""
        _permit(caller)
        record = self.uplink.see().record
        if record is None or record.phase is not Phase.WAITING or not self.uplink.tell(CONFIRM):
            raise conflict("there is nothing to confirm", "xm network bridge tells how it is with the host's bridge")
        await self.uplink.ended()
        return told(BridgeWish(record.bridge, record.card), self.uplink.see(), now())

    async def mend(self) -> str:
        """Bring it about again where somebody has removed it, or taken the card from it; its name then, else "".
        Raises as `wish`, and unavailable.
        """
        wish, seen = self.wish(), self.uplink.see()
        if self._settling or not self.privileged or seen.busy or not is_harmed(wish, seen):
            return ""
        log.warning("somebody has changed the bridge %s: it is made again", wish.name)
        await self.start()
        return wish.name

    async def _settle(self, *, asked: bool) -> None:
        if self._settling:
            raise conflict("the host's bridge is being changed just now", "xm network bridge tells how far it is")
        self._settling = True
        try:
            await self._do(asked=asked)
            self._message = ""
        finally:
            self._settling = False

    async def _do(self, *, asked: bool) -> None:
        wish, seen = self.wish(), self.uplink.see()
        if seen.busy:
            record = seen.record
            waiting = record is not None and record.phase is Phase.WAITING
            if record is not None and waiting and (record.card, record.bridge) == (wish.card, wish.name):
                self._watch()
                return
            if waiting:
                self.uplink.tell(GIVE_UP)
            await self.uplink.ended()
            seen = self.uplink.see()
        following = next_step(wish, seen, asked=asked)
        if following.step is not Step.NOTHING and not self.privileged:
            raise denied("a bridge of the host is made and changed by root only", "run xend as root")
        if following.step is Step.REMOVE:
            self.uplink.remove()
            following = next_step(wish, self.uplink.see(), asked=asked)
        match following.step:
            case Step.MAKE:
                self.uplink.make(wish.name)
                log.info("made the bridge %s, without a card of the host", wish.name)
                step(f"made the bridge {wish.name}, without a card of the host")
            case Step.TAKE:
                await self._run(self._task(wish, card=wish.card, seconds=self.seconds))
            case Step.GIVE_BACK:
                await self._run(self._task(wish, why=following.why))
            case _ if following.why:
                warn(log, "the card %s is not taken again: %s; xm network bridge --apply", wish.card, following.why)

    def _task(self, wish: BridgeWish, *, card: str = "", seconds: float = 0.0, why: str = "") -> Task:
        root = str(self.uplink.place.root)
        return Task(root, self.uplink.boot, wish.name, card, seconds, wish.keep, why)

    async def _run(self, task: Task) -> None:
        answer = await self.uplink.run(task)
        if answer["phase"] == Phase.WAITING:
            warn(
                log,
                "the bridge %s is over the card %s now; it goes back in %g seconds, unless: xm network confirm",
                task.bridge,
                task.card,
                task.seconds,
            )
        else:
            has = f"the card {task.card}" if task.card else "no card"
            log.info("the bridge %s has %s", task.bridge, has)
            step(f"the bridge {task.bridge} has {has}")
        self._watch()

    def _watch(self) -> None:
        self._tasks.start(self._follow(), name="watch over the host's bridge")

    async def _follow(self) -> None:
        """Tell what becomes of it; where the watchdog itself was killed, do what it would have done."""
        await self.uplink.ended()
        record = self.uplink.see().record
        if record is None or record.phase is Phase.TAKEN:
            return
        if record.phase is Phase.BARE:
            if record.returned:
                log.warning("the card %s has all back: %s", record.card, record.returned)
            return
        log.error("what watched over the bridge %s was killed; it is put in order", record.bridge)
        await self.start()


def _permit(caller: Caller) -> None:
    if caller.role < Role.ADMINISTRATOR:
        raise denied("the host's bridge is changed by administrators only", "do it as root")
