"""What the settings of xend of old (xend-config.sxp) become here.

Which there were, and their defaults: tools/python/xen/xend/XendOptions.py and tools/examples/xend-config.sxp of Xen 3.2
to 4.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xenia.engines.xen.settings import DEFAULT_DOM0_MIN_MEM
from xenia.model.old_config import Fate, OldConfig, OldEntry, OldSetting
from xenia.settings.kinds import FALSE, NO_BRIDGE, TRUE, Unfit
from xenia.settings.old_fates import FATES
from xenia.settings.old_network import network_script, vif_script
from xenia.settings.settings import MASKED, SETTINGS

_LEVELS = {"warn": "warning", "critical": "error", "fatal": "error"}
_YES = TRUE | {"y", "t"}
_NO = FALSE | {"n", "f"}


@dataclass(slots=True)
class Translation:
    """`changes` are texts for the settings of these names; `settings` say what became of each line, in order."""

    changes: dict[str, str] = field(default_factory=dict)
    settings: list[OldSetting] = field(default_factory=list)


def translate(config: OldConfig) -> Translation:
    """What the old settings become. What is the default here changes nothing."""
    done = Translation()
    for entry in config.entries:
        _one(entry, done)
    if not any(entry.name == "network-script" for entry in config.entries):
        done.changes["bridge.interface"] = NO_BRIDGE
        words = "bridge.interface = none: without it xend of old made no bridge"
        done.settings.append(OldSetting("network-script", "", 0, Fate.TRANSLATED, words))
    return done


def _one(entry: OldEntry, done: Translation) -> None:
    secret = entry.name == "vncpasswd"
    value = MASKED if secret and entry.value else " ".join(entry.values)

    def say(fate: Fate, words: str) -> None:
        done.settings.append(OldSetting(entry.name, value, entry.line, fate, words))

    if entry.name in FATES:
        fate, words = FATES[entry.name]
        closed = fate is Fate.REFUSED and entry.value.lower() in _NO
        say(*((Fate.SAME, "it stays closed") if closed else (fate, words)))
        return
    if entry.name not in _TRANSLATORS:
        say(Fate.NONE, "not known: xend of old did not read it either")
        return
    meant = _TRANSLATORS[entry.name](entry.value)
    if isinstance(meant, tuple):
        say(*meant)
        return
    _take(meant, done, say)


def _take(meant: Mapping[str, str], done: Translation, say: Callable[[Fate, str], None]) -> None:
    said, new = [], {}
    for name, text in meant.items():
        row = SETTINGS[name]
        try:
            value = row.kind.of_text(text)
        except Unfit as unfit:
            say(Fate.REFUSED, f"{name} {unfit.wrong}" + (f"; {unfit.hint}" if unfit.hint else ""))
            return
        said.append(f"{name} = {row.said(value)}")
        if value != row.default:
            new[name] = text
    done.changes |= new
    say(Fate.TRANSLATED if new else Fate.SAME, "; ".join(said))


def _flag(name: str) -> Callable[[str], Mapping[str, str]]:
    def meant(value: str) -> Mapping[str, str]:
        word = value.lower()
        return {name: "yes" if word in _YES else "no" if word in _NO else value}

    return meant


def _text(name: str) -> Callable[[str], Mapping[str, str]]:
    return lambda value: {name: value}


def _log_level(value: str) -> Mapping[str, str]:
    return {"log_level": _LEVELS.get(value.lower(), value.lower())}


def _address(name: str) -> Callable[[str], Mapping[str, str]]:
    """Nothing meant all addresses."""
    return lambda value: {name: value or "0.0.0.0"}  # noqa: S104 -- as xend of old had it


def _least_memory(value: str) -> Mapping[str, str] | tuple[Fate, str]:
    if value.isdecimal() and int(value) == 0:
        return {"dom0_ballooning": "no"}
    if value.isdecimal() and int(value) < DEFAULT_DOM0_MIN_MEM:
        return Fate.SAME, f"dom0_min_mem stays {DEFAULT_DOM0_MIN_MEM}: today's kernels do not live in {int(value)} MiB"
    return {"dom0_min_mem": value}


_TRANSLATORS: dict[str, Callable[[str], Mapping[str, str] | tuple[Fate, str]]] = {
    "loglevel": _log_level,
    "network-script": network_script,
    "vif-script": vif_script,
    "vnc-listen": _text("vnc_listen"),
    "vncpasswd": _text("vnc_password"),
    "vnc-tls": _flag("vnc_tls"),
    "dom0-min-mem": _least_memory,
    "enable-dom0-ballooning": _flag("dom0_ballooning"),
    "xend-relocation-ssl-server": _flag("relocation.server"),
    "xend-relocation-ssl-port": _text("relocation.port"),
    "xend-relocation-address": _address("relocation.address"),
    "xend-relocation-hosts-allow": _text("relocation.hosts_allow"),
}
OLD_NAMES = frozenset(_TRANSLATORS) | FATES.keys()
"""All settings of xend of old."""
