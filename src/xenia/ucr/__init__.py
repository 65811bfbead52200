"""The Univention Configuration Registry (UCR).

`text` reads one file, `registry` all of them in the order in which they count; neither writes. `write` has the
registry's own program write, or writes a file of its form. A host needs no package of Univention's for it.
"""
