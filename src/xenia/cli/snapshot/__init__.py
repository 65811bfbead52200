"""The commands of xm snapshot."""
