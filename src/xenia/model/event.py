"""What happened to domains and to the host, in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    DEFINED = "defined"
    STARTED = "started"
    RESUMED = "resumed"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting-down"
    REBOOTED = "rebooted"
    RENAMED = "renamed"
    ENDED = "ended"
    CRASHED = "crashed"
    DISK_ATTACHED = "disk-attached"
    DISK_DETACHED = "disk-detached"
    VIF_ATTACHED = "vif-attached"
    VIF_CHANGED = "vif-changed"
    PCI_ATTACHED = "pci-attached"
    PCI_DETACHED = "pci-detached"
    USB_ATTACHED = "usb-attached"
    USB_DETACHED = "usb-detached"
    VIF_DETACHED = "vif-detached"
    DISK_MOVED = "disk-moved"
    """It has another image."""
    MEDIUM_CHANGED = "medium-changed"
    VNC_OPENED = "vnc-opened"
    """Viewers reach its screen, where the event says."""
    VNC_REFUSED = "vnc-refused"
    """Viewers do not reach its screen, for the reason that the event tells."""
    RDP_OPENED = "rdp-opened"
    """RDP clients reach its screen, where the event says."""
    RDP_REFUSED = "rdp-refused"
    """RDP clients do not reach its screen, for the reason that the event tells."""
    CORE_DUMPED = "core-dumped"
    SAVED = "saved"
    RESTORED = "restored"
    """It goes on from a save."""
    SNAPSHOT = "snapshot"
    """A snapshot of it was made."""
    REVERTED = "reverted"
    """It has gone back to a snapshot."""
    KEPT = "kept"
    """Its dead guest is another domain from now on (rename-restart)."""
    FROZEN = "frozen"
    """Its file systems are held."""
    THAWED = "thawed"
    FOUND = "found"
    """xend came up and found it running."""
    SETTING_CHANGED = "setting-changed"
    """Of the host: a setting of xend has another value, or will have with its next start."""
    SETTINGS_REFUSED = "settings-refused"
    """Of the host: xend.toml cannot be used as it is now; what it said before holds."""


@dataclass(frozen=True, slots=True)
class Event:
    """`sequence` counts up by one for each event of this xend's life and names it; `at` is seconds since the epoch.
    What happened to the host has no domain: "" there.
    """

    sequence: int
    at: float
    kind: EventKind
    domain: str
    uuid: str
    domid: int | None = None
    detail: str = ""
