"""Desktops of guests, over RDP, for browsers: a proxy that speaks RDCleanPath, in a process without rights for each."""
