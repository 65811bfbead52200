"""Fates that several keys share."""

from __future__ import annotations

from xenia.guestfile.keys.key import ignored

NOT_YET_ON_QEMU = ignored("it has no effect on QEMU yet")
NO_DEVICE_ON_QEMU = ignored("this device is not offered on QEMU yet")
NO_DEVICE_ON_XEN = ignored("this device is not offered on Xen yet")
NO_HYPERVISOR = ignored("it tunes the Xen hypervisor")
NOT_IN_XL = ignored("only xm knew it: xl has no word for it")
NEWER_XEN = ignored("the Xen of Debian 12 (4.17) does not know it")
ARM = ignored("it is for ARM")
FILE_OF_HOST = ignored("it names a file or folder of the host, which no guest file may choose")
"""A guest file is not trusted with files, programs or devices of the host, nor with doors to it."""
