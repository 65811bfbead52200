"""Reading a guest file: whatever the bytes, a Reading comes back within bounds, and it can be sent."""

from __future__ import annotations

import json
import time

from xenia.guestfile.keys import KEYS
from xenia.guestfile.read import read
from xenia.lib.codec import from_plain, to_plain
from xenia.lib.text import decode
from xenia.model.complaint import Severity
from xenia.model.reading import Reading

SECONDS = 1.0
WORDS = (
    *KEYS, "import os", "import re", "def ", "lambda ", "for ", " in ", "while ", "try:", "except:", "raise ",
    "global ", "return", "xm_vars.var(", "os.uname()", "re.compile(", "range(", ".append(", ".join(", ".format(", "%s",
    "f'{", "+=", "**", "<<", "'''", '"""', "\\x41", "\\101", "phy:", "file:", "tap:aio:", "ioemu:", ":cdrom",
    "target=", "vdev=", "format=", "mac=00:16:3e:00:00:01", "rate=1MB/s@", "type=", "bridge=", "^", "nodes:", "bdf=",
    "0x", "\u201c", "\ufeff",
)  # fmt: skip


def one(data: bytes) -> None:
    """The first byte, where it is odd, cuts words of the command line off."""
    text = decode(data[1:])
    overrides = []
    if data[:1] and data[0] % 2:
        *overrides, text = text.split("\n", 3)
    begun = time.thread_time()
    reading = read(text, file="fuzz.cfg", overrides=overrides)
    assert time.thread_time() - begun < SECONDS, "it takes too long"
    assert (reading.config is None) == any(each.severity is Severity.ERROR for each in reading.complaints)
    assert len(reading.complaints) <= 100
    for each in reading.complaints:
        assert each.message.replace("\t", "").isprintable(), each
        assert "Traceback" not in each.message
    sent = json.loads(json.dumps(to_plain(reading), allow_nan=False))
    assert from_plain(Reading, sent) == reading
