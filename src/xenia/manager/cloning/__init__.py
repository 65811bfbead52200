"""Clones: domains that begin as another one, with images based on its own, and with its memory."""
