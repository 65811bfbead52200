"""vif: the cards of a guest in the words of xl-network-configuration(5)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from xenia.engines.remarks import error, note
from xenia.engines.xen.prepared import VifBackend
from xenia.engines.xen.xlcfg import Settings, words
from xenia.model.complaint import Complaint
from xenia.model.domain import DOMAIN_0_NAME, DomainConfig, Kind
from xenia.model.errors import invalid
from xenia.model.vif import Vif, VifType, Way
from xenia.network.addresses import network_of

DEFAULT_MODEL = "rtl8139"
"""libxl's own (libxl_nic.c), which is also what xm's guests have."""

# The names of guest files → devices of Debian's QEMU for Xen (xen-qemu-system-i386 -device help).
MODELS = {
    "rtl8139": "rtl8139",
    "e1000": "e1000",
    "e1000-82540em": "e1000",
    "e1000-82544gc": "e1000-82544gc",
    "e1000-82545em": "e1000-82545em",
    "e1000e": "e1000e",
    "ne2k_pci": "ne2k_pci",
    "ne2000": "ne2k_pci",
    "pcnet": "pcnet",
    "tulip": "tulip",
    "vmxnet3": "vmxnet3",
    "i82551": "i82551",
    "i82557b": "i82557b",
    "i82559er": "i82559er",
    "virtio": "virtio-net-pci",
    "virtio-net": "virtio-net-pci",
    "virtio-net-pci": "virtio-net-pci",
}
NETFRONT = "netfront"
_OWN = frozenset({NETFRONT, "xen-net"})
"""Names of Xen's own paravirtual card."""

_HERE = ("", "0", DOMAIN_0_NAME)
_NAME_LIMIT, _EMULATED_NAME_LIMIT = 15, 11
"""Characters of an interface's name; libxl appends -emu to that of an emulated card (xl-network-configuration(5))."""

_RATE = re.compile(r"\d{1,10}[GMK]?[Bb]/s(?:@\d{1,10}(?:ms|us|s))?")


def vif_settings(config: DomainConfig, vifs: Sequence[VifBackend]) -> Settings:
    """`vif`: the cards in list order. Raises invalid for a card that Xen has none of."""
    items = [_item(config, backend) for backend in vifs]
    return {"vif": items} if items else {}


def _item(config: DomainConfig, backend: VifBackend) -> str:
    vif = backend.vif
    model = model_of(config, vif)
    if model is None and _is_emulated(config, vif):
        raise invalid(f"Xen has no card {vif.model!r}")
    hvm = config.kind is Kind.HVM
    return words(
        {
            "mac": backend.mac,
            "type": ("vif" if model is None else "ioemu") if hvm else None,
            "model": model,
            # With an empty one: libxl takes its own default where none is named (libxl_nic.c).
            "bridge": backend.bridge if vif.is_port else "",
            "vifname": backend.vifname,
            "ip": " ".join(word for word in vif.ip if network_of(word) is not None) or None,
            "rate": vif.rate if vif.rate and _RATE.fullmatch(vif.rate) else None,
            "script": backend.script,
            "devid": backend.devid,
        }
    )


def model_of(config: DomainConfig, vif: Vif) -> str | None:
    """QEMU's device for the emulated side of a card; None where it has none, or where it is not known.

    A virtio card of an HVM guest is emulated: Xen's own card is another one, which its system need not know.
    """
    return MODELS.get((vif.model or DEFAULT_MODEL).lower()) if _is_emulated(config, vif) else None


def _is_emulated(config: DomainConfig, vif: Vif) -> bool:
    model = (vif.model or "").lower()
    if config.kind is not Kind.HVM or model in _OWN:
        return False
    return vif.type is VifType.EMULATED or model.startswith("virtio")


def explain_vifs(config: DomainConfig) -> Iterator[Complaint]:
    """Cards that are not known, or ask for what has no effect."""
    for vif in config.vifs:
        item = f"vif[{vif.item}]"
        yield from _explain_model(config, item, vif)
        limit = _EMULATED_NAME_LIMIT if _is_emulated(config, vif) else _NAME_LIMIT
        if vif.vifname and len(vif.vifname) > limit:
            yield error(item, f"vifname={vif.vifname} has more than {limit} characters", "choose a shorter one")
        if vif.vifname and vif.way is Way.SCRIPT:
            message = f"a card whose script is one's own ({vif.script}) cannot be called {vif.vifname} on Xen"
            yield error(item, message, "leave vifname out: it is called vifDOMID.NUMBER, and its script may rename it")
        for word in vif.ip:
            if network_of(word) is None:
                yield error(item, f"ip={word} is no address", "as in ip=192.0.2.7, several with blanks between")
        if (vif.backend or "") not in _HERE:
            message = f"backend={vif.backend}: driver domains cannot be used yet"
            yield error(item, message, "leave it out: the card is a port of a bridge of this host")


def _explain_model(config: DomainConfig, item: str, vif: Vif) -> Iterator[Complaint]:
    model = (vif.model or "").lower()
    if _is_emulated(config, vif):
        if model_of(config, vif) is None:
            near = difflib.get_close_matches(model, MODELS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(MODELS))}"
            yield error(item, f"Xen has no card {vif.model!r}", hint)
    elif vif.model and model not in _OWN and config.kind is not Kind.HVM:
        yield note(item, f"model={vif.model} has no effect in a {config.kind} guest: it has Xen's own card")
