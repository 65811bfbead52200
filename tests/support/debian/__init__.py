"""A real Debian as a guest: systemd, the cloud kernel and any of Debian's packages."""
