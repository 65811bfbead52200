"""The commands of xm and xl that are not here: why, and what to use instead.

Imported only when somebody types what is no command. A command that has come leaves this table; a test holds the two
apart.
"""

from __future__ import annotations


class Absent:
    """Commands of xm or xl, the reason why they are not here, and what to do `instead` ("" where there is nothing)."""

    __slots__ = ("instead", "names", "why")

    def __init__(self, names: str, why: str, instead: str = "") -> None:
        self.names = tuple(names.split())
        self.why = why
        self.instead = instead


_NOT_YET = "it is not there yet"

ABSENT = (
    Absent("migrate", _NOT_YET, "copy guest file and images, and start the guest on the other host"),
    Absent("migrate-receive", "it is xl's own end of a migration, which xl starts by itself"),
    Absent("remus", "Xen has it as an experiment only, and no guest of today has been seen to live with it"),
    Absent("config-update", "xl keeps a copy of a guest file, xend reads the file", "xm config set DOMAIN ..."),
    Absent("vm-list", "xm list shows the same", "xm list -o wide, or xm list -o json with every UUID"),
    Absent("serve", "it was xend's door over ssh", "ssh HOST xm COMMAND; -o json for programs"),
    Absent("devd", "xend's own hotplug scripts do its work"),
    Absent("set-parameters", "it changes the hypervisor while it runs", "xl set-parameters on Xen"),
    Absent("claims", "xend reserves no memory ahead of a start", "xm info shows what is free"),
    Absent("sharing", "Xen shares no memory between domains by itself", "xl sharing on Xen"),
    Absent(
        "sched-rtds", "real-time shares are set for single virtual CPUs, in a pool of their own", "xl has it on Xen"
    ),
    Absent("sched-sedf", "Xen has this scheduler no more since 4.6", "xm sched-credit2 -d DOMAIN -w 512 -c 50"),
    Absent("cpupool-new cpupool-start cpupool-delete", "pools have no managed form", "xl cpupool-create on Xen"),
    Absent("network2-attach network2-detach network2-list", "netchannel2 was given up by Xen", "xm network-list"),
    Absent("vnet-create vnet-delete vnet-list", "xend's vnets were given up by Xen", "a bridge of the host"),
    Absent("channel-list", "only xl's channels can be listed by it", "xl channel-list on Xen"),
    Absent("vtpm-attach vtpm-detach vtpm-list", "Xen's virtual TPM needs domains of its own for it"),
    Absent("vkb-attach vkb-detach vkb-list", "Xen's virtual keyboards are for embedded systems"),
    Absent("vdispl-attach vdispl-detach vdispl-list", "Xen's virtual displays are for embedded systems", "vfb, vnc"),
    Absent("vsnd-attach vsnd-detach vsnd-list", "Xen's virtual sound is for embedded systems", "soundhw"),
    Absent("scsi-attach scsi-detach scsi-list", "xl has no word for SCSI devices of the host", "a disk = phy:..."),
    Absent(
        "usbctrl-attach usbctrl-detach usb-hc-create usb-hc-destroy",
        "a USB controller is made where a device needs one",
        "xm usb-attach DOMAIN DEVICE",
    ),
    Absent("usb-list-assignable-devices", "any USB device of the host may be given away", "lsusb shows them"),
    Absent(
        "tmem-list tmem-thaw tmem-freeze tmem-destroy tmem-set tmem-freeable tmem-shared-auth",
        "transcendent memory was taken out of Xen",
        "xm mem-set",
    ),
    Absent(
        "addlabel rmlabel getlabel dry-run resources dumppolicy setpolicy resetpolicy getpolicy labels",
        "the security labels of xm were taken out of Xen",
        "roots in xend.toml say what operators may use; FLASK is xl's: xl loadpolicy",
    ),
    Absent("getenforce setenforce loadpolicy", "Xen's FLASK is the hypervisor's own", "xl has it on Xen"),
    Absent(
        "psr-hwinfo psr-cmt-attach psr-cmt-detach psr-cmt-show psr-cat-set psr-cat-show psr-mba-set psr-mba-show",
        "caches and memory bandwidth are not shared out by xend",
        "xl has it on Xen, resctrl elsewhere",
    ),
)


def find_absent(word: str) -> Absent | None:
    """The row of the command `word` of xm or xl."""
    return next((row for row in ABSENT if word in row.names), None)
