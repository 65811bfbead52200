"""A real Xen host inside QEMU, for tests and by hand: Debian's Xen and a Debian dom0, as scripts/xen-lab and the tests
marked `xen` use them.

Nested, under QEMU's own emulation, so it needs neither KVM nor a spare machine. Made once (image and snapshot are kept
in the cache), a host is up in some seconds.

    host.py     what a test asks of a host                 recipe.py, apt.py, rootfs.py,
    pair.py     two of them on a network                   kernels.py, guests.py, image.py   what a host is made of
    wheel.py    this checkout's xm, xend and tests         machine.py, monitor.py            the QEMU that it runs on
    dom0/       what runs in dom0: its first process,      snapshot.py, cache.py             booted once, and kept
                and the agent that line.py speaks to       command.py                        scripts/xen-lab
"""
