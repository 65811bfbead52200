"""The Univention Configuration Registry (UCR): what its files say, read only.

`text` reads one file, `registry` all of them in the order in which they count. A host needs no package of Univention's
for it.
"""
