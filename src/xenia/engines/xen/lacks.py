"""What Xen cannot do, and why. Which kinds of guests it runs is asked of the hypervisor."""

from __future__ import annotations

from xenia.model.host import Capability

LACKS = {
    Capability.RESET: "Xen starts a domain anew, under a new id",
    Capability.SAVE: "saving a guest is not there yet",
    Capability.AGENT_COMMANDS: "a guest on Xen tells of itself by xenstore, and is given no commands",
}
