"""Clock, USB, sound and the panic device."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from xenia.engines.qemu.argv import CommandLine
from xenia.engines.qemu.machine import SLOT_SOUND
from xenia.engines.qemu.usb import DRIVERS, device_id
from xenia.engines.remarks import note, warning
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Platform
from xenia.model.usb import KNOWN, usb_word, usb_words

_SOUND_PCI = {"es1370": "ES1370", "ac97": "AC97", "hda": "intel-hda", "intel-hda": "intel-hda"}
_SOUND_ISA = {"sb16": "sb16", "adlib": "adlib"}


def add_platform(line: CommandLine, config: DomainConfig, generation: str) -> None:
    """Everything on the board that is no disk, card or display. `generation` is as in DomainRecord."""
    platform = config.platform
    line.add("rtc", f"base={_clock(platform)}")
    line.device({"driver": "pvpanic"})
    if platform.acpi:  # a guest that goes on from a snapshot, or as a clone, learns that it is another one
        line.device({"driver": "vmgenid", "guid": generation or "auto"})
    for word in usb_words(platform.usb_devices):
        if word in DRIVERS:
            line.device({"driver": DRIVERS[word], "id": device_id(word), "bus": "usb-bus.0"})
    sound = (platform.sound or "").lower()
    if sound in _SOUND_PCI | _SOUND_ISA:
        line.add("audiodev", {"driver": "none", "id": "audio"})
    if sound in _SOUND_ISA:
        line.device({"driver": _SOUND_ISA[sound], "audiodev": "audio"})
    elif _SOUND_PCI.get(sound) == "intel-hda":
        line.device({"driver": "intel-hda", "id": "sound", "addr": f"{SLOT_SOUND:#x}"})
        line.device({"driver": "hda-duplex", "bus": "sound.0", "audiodev": "audio"})
    elif sound in _SOUND_PCI:
        line.device({"driver": _SOUND_PCI[sound], "addr": f"{SLOT_SOUND:#x}", "audiodev": "audio"})


def explain_platform(config: DomainConfig, accelerator: str) -> Iterator[Complaint]:
    """What of the board's small devices has no effect."""
    platform = config.platform
    for device in platform.usb_devices:
        if usb_word(device) is None:
            yield warning("usbdevice", f"usbdevice={device!r} is not known and has no effect", KNOWN)
    sounds = _SOUND_PCI | _SOUND_ISA
    if platform.sound and platform.sound.lower() not in sounds:
        yield warning(
            "soundhw",
            f"soundhw={platform.sound!r} is not known and has no effect",
            f"known are {', '.join(sorted(sounds))}",
        )
    if platform.viridian and accelerator != "kvm":
        yield note("viridian", "viridian has no effect without hardware acceleration")


def _clock(platform: Platform) -> str:
    """QEMU knows no offset: a clock that is off gets the moment it starts at."""
    if not platform.rtc_timeoffset:
        return "localtime" if platform.localtime else "utc"
    now = datetime.now(UTC)
    if platform.localtime:
        now = now.astimezone()
    return (now + timedelta(seconds=platform.rtc_timeoffset)).strftime("%Y-%m-%dT%H:%M:%S")
