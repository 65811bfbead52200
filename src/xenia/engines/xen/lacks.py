"""What Xen cannot do, and why. Which kinds of guests it runs is asked of the hypervisor."""

from __future__ import annotations

from xenia.model.host import Capability

LACKS = {
    Capability.RESET: "Xen starts a domain anew, under a new id",
    Capability.LIVE_DISKS: "Xen's backends keep a disk as it was when its guest got it",
    Capability.BACKGROUND_SAVE: "on Xen a guest stands still until its memory is written",
    Capability.DISK_EXPORT: "Xen's backends keep nothing of what a guest overwrites",
    Capability.LAYERS: "the disks of a guest that runs cannot be given overlays: Xen's backends keep what they have",
    Capability.AGENT_COMMANDS: "a guest on Xen tells of itself by xenstore, and is given no commands",
}
