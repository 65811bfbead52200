"""Devices that are written down of a domain, and which of them its engine has no longer."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from xenia.engines.base import Observed
from xenia.model.domain import Started
from xenia.model.event import EventKind
from xenia.model.pci import devices_of, without
from xenia.model.usb import usb_word, usb_words

Device = str | int
"""A disk by its target, a card by its number, a USB device by its word, a PCI device by its address."""


def absent(started: Started, observed: Observed) -> set[Device]:
    """What is written down and is not there, as far as that is known."""
    config = started.config
    gone: set[Device] = set()
    if observed.disks is not None:
        gone |= {disk.target for disk in config.disks} - observed.disks
    if observed.cards is not None:
        gone |= {vif.item for vif in config.vifs} - observed.cards
    if observed.usb is not None:
        gone |= set(usb_words(config.platform.usb_devices)) - observed.usb
    if observed.pci is not None:
        gone |= {device.address for device in devices_of(config.other.get("pci", ()))} - observed.pci
    return gone


def without_devices(started: Started, gone: Container[Device]) -> tuple[Started, list[tuple[EventKind, str]]]:
    """The domain without these devices, and what there is to tell of each."""
    config, platform = started.config, started.config.platform
    cards = list(zip(config.vifs, started.macs, strict=True))
    told = [(EventKind.DISK_DETACHED, disk.target) for disk in config.disks if disk.target in gone]
    told += [(EventKind.VIF_DETACHED, mac) for vif, mac in cards if vif.item in gone]
    told += [(EventKind.USB_DETACHED, word) for word in usb_words(platform.usb_devices) if word in gone]
    passed = devices_of(config.other.get("pci", ()))
    told += [(EventKind.PCI_DETACHED, device.address) for device in passed if device.address in gone]
    kept = [(vif, mac) for vif, mac in cards if vif.item not in gone]
    left = replace(
        config,
        disks=tuple(disk for disk in config.disks if disk.target not in gone),
        vifs=tuple(vif for vif, _ in kept),
        platform=replace(
            platform, usb_devices=tuple(text for text in platform.usb_devices if usb_word(text) not in gone)
        ),
        other=without(config.other, gone),
    )
    return replace(started, config=left, macs=tuple(mac for _, mac in kept)), told
