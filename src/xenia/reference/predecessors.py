"""The commands of xm and of xl, by name: what people and scripts that come from there will type.

xm: tools/python/xen/xm/main.py of Xen 3.2 to 4.4, its short and deprecated names among them. xl: its table of Xen 4.17.
"""

from __future__ import annotations

_XM = """
addlabel balloon block-attach block-configure block-detach block-list con console cpupool-cpu-add
cpupool-cpu-remove cpupool-create cpupool-delete cpupool-destroy cpupool-list cpupool-migrate cpupool-new
cpupool-start cr create debug-keys delete destroy dmesg domid domname domstate dry-run dump-core dumppolicy
getenforce getlabel getpolicy help info labels li list log ls mem-max mem-set migrate network-attach
network-detach network-list network2-attach network2-detach network2-list new pause pci-attach pci-detach
pci-list pci-list-assignable-devices reboot rename reset resetpolicy resources restore resume rmlabel save
sched-credit sched-credit2 sched-sedf scsi-attach scsi-detach scsi-list serve set-vcpus setenforce setpolicy
shell shutdown start suspend sysrq tmem-destroy tmem-freeable tmem-freeze tmem-list tmem-set tmem-shared-auth
tmem-thaw top trigger unpause uptime usb-add usb-attach usb-del usb-detach usb-hc-create usb-hc-destroy usb-list
usb-list-assignable-devices vbd-create vbd-destroy vbd-list vcpu-list vcpu-pin vcpu-set vif-list vncviewer
vnet-create vnet-delete vnet-list vtpm-list
"""
_XL = """
block-attach block-detach block-list button-press cd-eject cd-insert channel-list claims config-update console
cpupool-cpu-add cpupool-cpu-remove cpupool-create cpupool-destroy cpupool-list cpupool-migrate
cpupool-numa-split cpupool-rename create debug-keys destroy devd dmesg domid domname dump-core getenforce help
info list loadpolicy mem-max mem-set migrate migrate-receive network-attach network-detach network-list pause
pci-assignable-add pci-assignable-list pci-assignable-remove pci-attach pci-detach pci-list psr-cat-set
psr-cat-show psr-cmt-attach psr-cmt-detach psr-cmt-show psr-hwinfo psr-mba-set psr-mba-show qemu-monitor-command
reboot remus rename restore save sched-credit sched-credit2 sched-rtds set-parameters setenforce sharing
shutdown sysrq top trigger unpause uptime usb-list usbctrl-attach usbctrl-detach usbdev-attach usbdev-detach
vcpu-list vcpu-pin vcpu-set vdispl-attach vdispl-detach vdispl-list vkb-attach vkb-detach vkb-list vm-list
vncviewer vsnd-attach vsnd-detach vsnd-list vtpm-attach vtpm-detach vtpm-list
"""
XM = frozenset(_XM.split())
XL = frozenset(_XL.split())
