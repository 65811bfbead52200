"""Xen: guests as domains of the hypervisor, started by its own tools."""
