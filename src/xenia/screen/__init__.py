"""Doors to the screens of guests: VNC with a password and with TLS, for engines that offer neither."""
