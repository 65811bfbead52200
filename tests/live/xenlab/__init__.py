"""A real Xen host inside QEMU, for tests and by hand: Debian's Xen and a Debian dom0, as scripts/xen-lab and the tests
marked `xen` use them.

Nested, under QEMU's own emulation, so it needs neither KVM nor a spare machine. Made once (image and snapshot are kept
in the cache), a host is up in some seconds.
"""
