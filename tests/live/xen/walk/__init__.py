"""The walk of a guest through every verb of xm, as a user would use them; docs/reference/xen-verbs.md is made of what
it finds.

    walk.py       the guest that walks                 life.py      from create to destroy
    kinds.py      its file, for each kind              devices.py   disks, cards, media, USB
    reference.py  the table in the docs                shares.py    memory, CPUs and their figures
    verbs.py      all the verbs                        words.py     what is said to it, and what it says
    saves.py     into a file, and back
"""
