"""vcpu-pin: the CPUs of the host that virtual CPUs run on, and those that they would rather run on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from xenia.manager.lifecycle import Lifecycle
from xenia.manager.scopes import Asked, Scopes, changed
from xenia.model.caller import Caller
from xenia.model.change import Action, Change
from xenia.model.domain import DOMAIN_0_UUID, Domain, DomainConfig
from xenia.model.errors import conflict, invalid
from xenia.model.host import Capability, Host
from xenia.model.job import Job
from xenia.model.scope import Scope
from xenia.model.vcpu import no_such_vcpu, read_cpus, said

_ALL = "all"

Words = str | list[str] | None
"""As a guest file has them: a set for all virtual CPUs, a list with one for each, or none."""


@dataclass(frozen=True, slots=True)
class Pin:
    """What is asked for: `number` is that of a virtual CPU, None for each. `cpus` and `soft` are sets in words, "" for
    what stays as it is.
    """

    number: int | None
    cpus: str
    soft: str = ""


@dataclass(frozen=True, slots=True)
class Pinning:
    lifecycle: Lifecycle
    scopes: Scopes
    host: Callable[[], Awaitable[Host]]

    def pin(self, ref: str, pin: Pin, scope: Scope, caller: Caller) -> Job:
        """Let virtual CPUs run on some CPUs of the host only, or rather, as a job. Domain-0 is bound until the host
        boots. What a domain that runs was given counts also when a policy starts it anew.

        Its result is `{"domain": NAME, "file": FILE, "notes": [TEXT]}`. Raises as `Scopes.start`, and invalid for a
        soft set where the engine has none; the job fails for CPUs that there are not, and as the engine and an edit of
        the guest file do: then nothing has changed.
        """
        if not pin.cpus and not pin.soft:
            raise invalid("vcpu-pin is to change nothing", f"xm vcpu-pin {ref} all 0-3")
        if pin.soft and Capability.SOFT_AFFINITY not in self.lifecycle.engine.capabilities:
            raise invalid(
                f"the engine {self.lifecycle.engine.name} knows no CPUs that a virtual CPU would rather run on",
                "leave the second set out",
            )

        async def work(asked: Asked) -> dict[str, Any]:
            clean = await self._checked(pin)
            live = None
            if asked.scope is not Scope.CONFIG:
                await self._refuse_own(asked.domain)
                live = partial(self._pin, asked, clean)
            _, kept = await asked.change(partial(_edits, clean, await asked.values()), live)
            return {"file": kept.file, "notes": kept.notes}

        return self.scopes.start("vcpu-pin", ref, scope, caller, work)

    async def _checked(self, pin: Pin) -> Pin:
        """The same, with sets as short as can be."""
        count = (await self.host()).cpus
        return Pin(pin.number, _short(pin.cpus, count), _short(pin.soft, count))

    async def _refuse_own(self, domain: Domain) -> None:
        if domain.uuid == DOMAIN_0_UUID and domain.uuid not in await self.lifecycle.engine.vcpus():
            raise conflict("Domain-0 has the host's own CPUs here", "name a guest; xm list shows them")

    async def _pin(self, asked: Asked, pin: Pin) -> None:
        engine, count = self.lifecycle.engine, (await self.host()).cpus
        for text, soft in ((pin.cpus, False), (pin.soft, True)):
            if text:
                await engine.pin(asked.domain.uuid, pin.number, read_cpus(text, count), soft=soft)
        if asked.entry is not None:
            await self.lifecycle.note(asked.entry, config=_pinned(asked.entry.started.config, pin))


def _edits(pin: Pin, values: Mapping[str, Any], wanted: DomainConfig) -> Sequence[Change]:
    most = max(wanted.vcpus, wanted.max_vcpus or 0)
    if pin.number is not None and pin.number >= most:
        raise no_such_vcpu(wanted.name, pin.number, most)
    new = _pinned(wanted, pin)
    changes = _change("cpus", list(new.vcpu_pins) or new.cpus, values) if pin.cpus else []
    return changes + (_change("cpus_soft", new.other.get("cpus_soft"), values) if pin.soft else [])


def _short(text: str, count: int) -> str:
    if not text:
        return ""
    cpus = read_cpus(text, count)
    return _ALL if cpus is None else said(cpus)


def _pinned(config: DomainConfig, pin: Pin) -> DomainConfig:
    most = max(config.vcpus, config.max_vcpus or 0)
    if pin.cpus:
        words = _with(list(config.vcpu_pins) or config.cpus, pin.number, pin.cpus, most)
        if isinstance(words, list):
            config = replace(config, cpus=None, vcpu_pins=tuple(words))
        else:
            config = replace(config, cpus=words, vcpu_pins=())
    if pin.soft:
        before = config.other.get("cpus_soft")
        words = _with(before if isinstance(before, list | None) else str(before), pin.number, pin.soft, most)
        others = {name: value for name, value in config.other.items() if name != "cpus_soft"}
        if words:  # as a guest file is read: what has only digits is a number
            others["cpus_soft"] = int(words) if isinstance(words, str) and words.isdigit() else words
        config = replace(config, other=others)
    return config


def _with(words: Words, number: int | None, text: str, most: int) -> Words:
    """`words` of a domain with at most `most` virtual CPUs, when one of them, or each, has the set `text`."""
    each = [*words, *[_ALL] * most][:most] if isinstance(words, list) else [words or _ALL] * most
    for index in range(most) if number is None else [number]:
        each[index] = text
    if len(set(each)) > 1:
        return each
    return None if each[0] == _ALL else each[0]


def _change(key: str, words: Words, values: Mapping[str, Any]) -> list[Change]:
    if words is None:
        return [Change(Action.UNSET, key)] if key in values else []
    return [changed(key, words)]
