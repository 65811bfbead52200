"""Logical volumes of LVM, by its own programs."""
