"""The QEMU engine: one QEMU process a domain, driven over QMP; a file per device noun."""
