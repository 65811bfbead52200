"""Disk images: what they are, opening them for a guest, and the locks that keep two writers apart."""
