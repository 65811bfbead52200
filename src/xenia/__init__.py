"""Xenia: xm and xend for today's Xen and for QEMU/KVM."""
