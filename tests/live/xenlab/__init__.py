"""A real Xen host inside QEMU, for tests and by hand: Debian's Xen and a Debian dom0, as scripts/xen-lab and the tests
marked `xen` use them.

Nested, under QEMU's own emulation, so it needs neither KVM nor a spare machine. Made once (image and snapshots are kept
in the cache), a host is up in some seconds.

    host.py     a host for a test                          recipe.py, apt.py, rootfs.py,
    domain0.py  what it is asked to do                     kernels.py, guests.py, image.py   what a host is made of
    pair.py     two of them on a network                   machine.py, monitor.py            the QEMU that it runs on
    wheel.py    this checkout's xm, xend and tests         snapshot.py                       booted once, and kept
    dom0/       what runs in dom0: its first process,      ready.py                          with xend, and kept
                and the agent that line.py speaks to       cache.py, command.py              where; scripts/xen-lab
"""
