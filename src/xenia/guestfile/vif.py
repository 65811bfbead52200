"""vif = [...]: its items, words `key=value` with commas between them; the empty text is a card with nothing said about
it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

from xenia.guestfile.given import Given
from xenia.guestfile.vif_route import complain_of_route
from xenia.model.domain import Kind
from xenia.model.vif import Vif, VifFilter, VifType, read_rate
from xenia.model.vlan import read_vlans

_MAC = re.compile(r"[0-9a-fA-F]{1,2}(?:[:-][0-9a-fA-F]{1,2}){5}")
_LOST_COMMA = re.compile(r"\s+([A-Za-z_]+)=")
_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,15}")
_PATTERN = re.compile(r"%[0-9]*[a-z]|\$\{?\w+\}?|\{\w*\}")
_KNOWN = frozenset(
    {
        "type", "mac", "bridge", "ip", "gateway", "script", "backend", "vifname", "rate", "model", "accel",
        "devid", "mtu", "trusted", "policy", "label", "gatewaydev", "netmask", "uuid", "coloft_forwarddev",
        "security_label", "bus", "hidden", "network", "filter", "link", "netdev", "vlan",
    }
)  # fmt: skip
_TYPES = {
    "ioemu": VifType.EMULATED, "emu": VifType.EMULATED, "vif": VifType.PARAVIRTUAL, "netfront": VifType.PARAVIRTUAL,
    "paravirtualised": VifType.PARAVIRTUAL, "paravirtualized": VifType.PARAVIRTUAL, "pv": VifType.PARAVIRTUAL,
    "virtio": VifType.PARAVIRTUAL,
}  # fmt: skip
_MODELS = frozenset(
    {
        "rtl8139", "e1000", "e1000e", "e1000-82540em", "e1000-82544gc", "e1000-82545em", "ne2k_pci", "ne2000",
        "pcnet", "i82551", "i82557b", "i82559er", "virtio", "virtio-net", "virtio-net-pci", "vmxnet3", "tulip",
        "netfront", "xen-net",
    }
)  # fmt: skip
_PARAVIRTUAL = frozenset({"virtio", "virtio-net", "virtio-net-pci", "netfront", "xen-net"})
_MOST = 32


def read_vifs(given: Given, kind: Kind) -> tuple[Vif, ...]:
    """The cards of `vif`, and as many without anything said as `nics` asks for beyond them."""
    vifs, words = [], []
    for index, text in enumerate(given.items("vif")):
        said = _words(given, f"vif[{index}]", text)
        words.append(said)
        vifs.append(_vif(given, f"vif[{index}]", said, kind, index))
    _halves(given, words)
    _macs_are_unique(given, vifs)
    _names_are_unique(given, vifs)
    nics = given.number("nics", -1) or 0
    if nics > _MOST:
        given.error("nics", f"a domain cannot have {nics} cards", f"nics = {_MOST} is the most")
    for index in range(len(vifs), min(nics, _MOST)):
        vifs.append(_vif(given, "nics", {}, kind, index))
    return tuple(vifs)


def _words(given: Given, key: str, text: str) -> dict[str, str]:
    """The words of one item by key; those without a key are guessed at and complained about."""
    said: dict[str, str] = {}
    for part in (part.strip() for part in text.split(",")):
        if not part:
            continue
        name, sign, value = (piece.strip() for piece in part.partition("="))
        name = name.lower()
        if name in ("trusted", "untrusted") and not sign:
            said["trusted"] = str(int(name == "trusted"))
        elif not sign:
            _keyless(given, key, part, said)
        elif name not in _KNOWN:
            near = difflib.get_close_matches(name[:32], sorted(_KNOWN), n=1)
            words = "as mac, bridge, network, type, model, ip, script, vifname, rate, backend, vlan, filter, link"
            given.warn(
                key, f"vif knows no {name}: it has no effect", f"did you mean {near[0]}={value}?" if near else words
            )
        else:
            if (lost := _LOST_COMMA.search(value)) is not None and lost[1].lower() in _KNOWN - {"netdev"}:
                hint = f"{name}={value[: lost.start()]}, {value[lost.start(1) :]}"
                given.warn(key, f"there is no comma before {lost[1]}=: it is a part of {name}", hint)
            if name in said:
                given.warn(key, f"{name} stands twice in this card: the last one counts")
            said[name] = value
    return said


def _keyless(given: Given, key: str, part: str, said: dict[str, str]) -> None:
    if _MAC.fullmatch(part):
        given.warn(key, f"{part} stands without a key: taken as its mac", f"mac={part}")
        said.setdefault("mac", part)
    elif _NAME.fullmatch(part) and "bridge" not in said:
        given.warn(key, f"{part} stands without a key: taken as its bridge", f"bridge={part}")
        said["bridge"] = part
    else:
        given.warn(key, f"{part} stands without a key: it has no effect", "write key=value with commas between")


def _vif(given: Given, key: str, said: dict[str, str], kind: Kind, index: int) -> Vif:
    model = said.get("model", "").lower() or None
    if model and model not in _MODELS:
        given.warn(key, f"the card model {model} is not known", f"known are {', '.join(sorted(_MODELS))}")
    vif = Vif(
        type=_type(given, key, said, kind, model),
        mac=_mac(given, key, said.get("mac", "")),
        bridge=said.get("bridge") or None,
        network=_network(given, key, said),
        model=_type_model(said) or model,
        script=said.get("script") or None,
        ip=tuple(said.get("ip", "").split()),
        gateway=said.get("gateway") or None,
        gatewaydev=said.get("gatewaydev") or said.get("netdev") or _netdev(said.get("script", "")),
        vifname=_vifname(given, key, said.get("vifname", "")),
        rate=_rate(given, key, said.get("rate", "")),
        backend=said.get("backend") or None,
        vlan=_vlan(given, key, said.get("vlan", "")),
        filter=_filter(given, key, said.get("filter", "")),
        linked=_linked(given, key, said.get("link", "up")),
        item=index,
    )
    complain_of_route(given, key, vif)
    return vif


def _type(given: Given, key: str, said: dict[str, str], kind: Kind, model: str | None) -> VifType:
    """An HVM guest's card is emulated unless it is said otherwise; a PV or PVH guest has paravirtual cards only."""
    word = said.get("type", "").lower()
    if word and word not in _TYPES:
        if word in _MODELS:
            given.warn(key, f"{word} is a model, not a type: taken as model={word}", f"model={word}")
        else:
            hint = "type=ioemu (emulated) or type=vif (paravirtual)"
            given.warn(key, f"the card type {word} is not known: it has no effect, as under xl", hint)
    if kind is not Kind.HVM:
        if _TYPES.get(word) is VifType.EMULATED:
            given.note(key, f"type=ioemu has no effect in a {kind} domain: its cards are paravirtual")
        return VifType.PARAVIRTUAL
    if word in _TYPES:
        return _TYPES[word]
    return VifType.PARAVIRTUAL if (model or word) in _PARAVIRTUAL else VifType.EMULATED


def _type_model(said: dict[str, str]) -> str | None:
    word = said.get("type", "").lower()
    return word if word in _MODELS and word not in _TYPES and "model" not in said else None


def _mac(given: Given, key: str, text: str) -> str | None:
    if not text or text.lower() == "random":
        return None
    if not _MAC.fullmatch(text):
        given.error(
            key,
            f"{text} is no MAC address",
            "six pairs of hexadecimal digits, as in mac=00:16:3e:01:02:03; or leave mac out: one is made and kept",
        )
        return None
    octets = [int(octet, 16) for octet in re.split("[:-]", text)]
    mac = ":".join(f"{octet:02x}" for octet in octets)
    if octets[0] & 1:
        given.error(
            key,
            f"{mac} is a multicast address: no card can have it",
            "the second digit must be even, as in 00:16:3e:...",
        )
    elif not any(octets):
        given.error(key, f"{mac} is no address of a card", "leave mac out: one is made and kept")
    return mac


def _netdev(script: str) -> str | None:
    """xend of old gave its scripts words of their own: `script=vif-route netdev=eth1`."""
    return next((word.removeprefix("netdev=") for word in script.split()[1:] if word.startswith("netdev=")), None)


def _network(given: Given, key: str, said: dict[str, str]) -> str | None:
    """A word of our own: the network of this host that the card is on (docs/guide/networking.md)."""
    name = said.get("network", "")
    if name and said.get("bridge"):
        message = f"a card is on a network ({name}) or on a bridge ({said['bridge']}), not on both"
        given.error(key, message, f"network={name}")
    return name or None


def _vifname(given: Given, key: str, text: str) -> str | None:
    """A name as it is: no tool of Xen's fills anything in (vif-common.sh gives it to `ip link set ... name`)."""
    if _PATTERN.search(text):
        given.error(
            key,
            f"vifname={text}: nothing is filled in here, the interface would be called like that",
            "write the whole name, as in vifname=net0; without vifname it is vifDOMID.NUMBER",
        )
    elif text and (not _NAME.fullmatch(text) or text in (".", "..")):
        given.error(
            key, f"{text} cannot be the name of a network interface", "at most 15 letters, digits, '.', '-' and '_'"
        )
    return text or None


def _rate(given: Given, key: str, text: str) -> str | None:
    if text and read_rate(text) is None:
        given.error(key, f"{text} is no rate that a card can have", "as in rate=10Mb/s or rate=1MB/s@20ms")
    return text or None


def _vlan(given: Given, key: str, text: str) -> str | None:
    if text and read_vlans(text) is None:
        hint = "as in vlan=10; or vlan=10p/20/100-110: 10 without a tag, the others with theirs"
        given.error(key, f"vlan={text} names no VLANs of a card", hint)
    return text or None


def _filter(given: Given, key: str, text: str) -> VifFilter | None:
    word = text.lower()
    if word in set(VifFilter):
        return VifFilter(word)
    if word:
        given.error(
            key,
            f"filter={text} is no filter of a card",
            f"filter= is one of {', '.join(VifFilter)}; without it: address where addresses are known, else client",
        )
    return None


def _linked(given: Given, key: str, text: str) -> bool:
    word = text.lower()
    if word not in ("up", "down"):
        given.error(key, f"link={text} is no state of a card's link", "link=down: as if its cable were pulled out")
    return word != "down"


def _halves(given: Given, words: list[dict[str, str]]) -> None:
    """`['type=ioemu', 'mac=...']` are two cards, as Python reads it; its author most likely meant one. So are
    `['bridge=br0', 'mac=...']`, where there are no others.
    """
    for index in range(len(words) - 1):
        first, second = words[index], words[index + 1]
        type_alone = set(first) == {"type"} and "type" not in second and "mac" in second
        if type_alone or (len(words) == 2 and set(first) == {"bridge"} and set(second) == {"mac"}):
            joined = ", ".join(f"{name}={value}" for name, value in {**first, **second}.items())
            given.warn(
                f"vif[{index}]",
                "two cards: did you mean one string? These are two items of the list",
                f"vif = [ '{joined}' ]",
            )


def _macs_are_unique(given: Given, vifs: list[Vif]) -> None:
    seen: dict[str, int] = {}
    for index, vif in enumerate(vifs):
        if vif.mac is not None and vif.mac in seen:
            given.error(
                f"vif[{index}]",
                f"the address {vif.mac} is that of vif[{seen[vif.mac]}] too: two cards cannot share one",
            )
        elif vif.mac is not None:
            seen[vif.mac] = index
        if vif.item != index:
            vifs[index] = replace(vif, item=index)


def _names_are_unique(given: Given, vifs: list[Vif]) -> None:
    seen: dict[str, int] = {}
    for index, vif in enumerate(vifs):
        if vif.vifname is not None and vif.vifname in seen:
            given.error(
                f"vif[{index}]",
                f"the interface {vif.vifname} is that of vif[{seen[vif.vifname]}] too: each card has one of its own",
            )
        elif vif.vifname is not None:
            seen[vif.vifname] = index
