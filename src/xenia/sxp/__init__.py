"""xend-config.sxp, the settings of xend of old: s-expressions, read in the worker.

`parse` reads the language, `read` what the file says with it.
"""
