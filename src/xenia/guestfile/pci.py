"""pci = [...]: PCI devices of the host by bus, device and function (xl-pci-configuration(5)).

    [DDDD:]BB:DD.F[@VSLOT][,KEY=VALUE...]     01:00.0    0000:02:00.*@4,permissive=1    rdm_policy=strict,bdf=01:00.0

The items are kept as they are, for the engines to read, and looked at for what cannot be meant.
"""

from __future__ import annotations

import re

from xenia.guestfile.given import Given

_DEVICE = re.compile(
    r"(?:0*[0-9a-f]{1,4}:)?0*[0-9a-f]{1,2}:0*[01]?[0-9a-f]\.(?:0*[0-7]|\*)(?:@0*[01]?[0-9a-f])?", re.IGNORECASE
)
_NAME = re.compile(r"name=.+")
_FLAGS = frozenset({"msitranslate", "permissive", "power_mgmt", "seize"})
_POLICIES = frozenset({"strict", "relaxed"})


def check_pci(given: Given) -> None:
    """Complain about items that name no device, or have words that nobody knows."""
    for index, item in enumerate(given.items("pci")):
        device, *options = [part.strip() for part in item.split(",") if part.strip()] or [""]
        words = [option.partition("=") for option in options]
        if not _DEVICE.fullmatch(device):
            words.insert(0, device.partition("="))
            device = next((value.strip() for name, _, value in words if name.strip() == "bdf"), device)
        if not (_DEVICE.fullmatch(device) or _NAME.fullmatch(device)):
            hint = "as in pci = [ '01:00.0' ]: bus, device and function, in hexadecimal (lspci shows them)"
            given.error(f"pci[{index}]", f"'{item}' names no PCI device", hint)
            continue
        for name, _, value in words:
            _check_word(given, f"pci[{index}]", name.strip(), value.strip())


def _check_word(given: Given, key: str, name: str, value: str) -> None:
    if name == "rdm_policy" and value not in _POLICIES:
        given.error(key, f"rdm_policy knows no {value}", "rdm_policy=strict or rdm_policy=relaxed")
    elif name not in _FLAGS | {"bdf", "name", "rdm_policy", "vslot"}:
        hint = f"the words are {', '.join(sorted(_FLAGS))}, rdm_policy"
        given.warn(key, f"a PCI device knows no {name}: it has no effect", hint)
