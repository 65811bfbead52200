"""Screens over RDP, for clients that speak nothing else: xrdp, which comes in at doors of its own."""
