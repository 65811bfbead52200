"""Words of other tools, and what they are called here."""

from __future__ import annotations

MEANT = {
    "initrd": "ramdisk",
    "image": "kernel",
    "root_device": "root",
    "append": "extra",
    "cpu_count": "vcpus",
    "ncpus": "vcpus",
    "mem": "memory",
    "ram": "memory",
    "bridge": "vif",
    "mac": "vif",
    "disks": "disk",
    "vifs": "vif",
    "network": "vif",
    "nic_model": "vif",
    "vncpassword": "vncpasswd",
    "vncpass": "vncpasswd",
    "vncport": "vncdisplay",
    "vnc_listen": "vnclisten",
    "hdd": "disk",
    "sound": "soundhw",
    "max_memory": "maxmem",
}
