"""The kinds of guests that walk, and the file of each."""

from __future__ import annotations

from tests.live.xenlab import guests
from tests.live.xenlab.recipe import GUESTS

CARD = "vif = ['bridge=xenbr0']"

FILES = {
    # Python, with the line ends of another system: what xl itself cannot read.
    "pv": f"""\
import os
memory = 32 * 4
name = 'pv'
kernel = os.path.join('{GUESTS}', 'vmlinux')
ramdisk = '{GUESTS}/ramdisk'
extra = 'console=hvc0 quiet xenia.guest=%s' % name
maxvcpus = 2
disk = ['file:{GUESTS}/disk.raw,xvda,w']
{CARD}
""".replace("\n", "\r\n"),
    "pvh": guests.file("pvh", "pvh", "maxvcpus = 2", CARD),
    "hvm": f"""\
name = 'hvm'
builder = 'hvm'
memory = 32
serial = 'pty'
usb = 1
disk = ['file:{GUESTS}/counting.img,hda,w']
disk = ['file:{GUESTS}/counting.img,hda,w', ',hdc:cdrom,r']
{CARD}
""",
}
