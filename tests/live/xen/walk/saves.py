"""Into a file, and back: what it counts, and what it has in memory, show that it goes on from that very moment."""

from __future__ import annotations

import re

from tests.live.xen.walk.walk import Walk
from tests.live.xenlab import guests
from tests.live.xenlab.traces import by_xl, by_xm, letters, nothing_left
from tests.support.live import until

SAVE = "/root/walk.save"

COUNTS = "i=0; while :; do i=$((i+1)); echo $i >> /run/counts; sleep 0.1; done &"
COUNTED = "echo at $(tail -n 1 /run/counts)."
_RANDOM = "dd if=/dev/urandom of=/run/data bs=1M count=8 2>&-; sha1sum /run/data"


def is_saved(walk: Walk) -> None:
    """A checkpoint, and then for good."""
    host, kind = walk.host, walk.kind
    digest = begin_to_count(walk)
    walk.xm("save", "-c", kind, SAVE)
    assert "p" not in letters(host, kind)
    walk.found("save -c")
    before = count(walk)
    walk.xm("save", kind, SAVE)
    assert by_xl(host) == by_xm(host) == {}
    nothing_left(host)
    assert host.ok("stat", "-c", "%a %U", SAVE) == "600 root\n"
    assert f"domain     {kind}\n" in walk.xm("save", "--info", SAVE)
    walk.found("save")
    walk.xm("restore", "-p", SAVE)
    assert letters(host, kind) == "--p---"
    walk.found("restore -p")
    walk.xm("unpause", kind)
    until(lambda: before < count(walk) < before + 600, "it counts on", 60, every=0.3)
    if walk.is_linux:
        assert digest in walk.types("sha1sum /run/data; echo same'.'", r"same\.")
        missing = "seq $(tail -n 1 /run/counts) | cmp - /run/counts && echo none is missing'.'"
        walk.types(f"kill $!; sleep 0.2; {missing}", r"none is missing\.")
    walk.found("restore")
    host.ok("rm", SAVE)


def is_put_away(walk: Walk) -> None:
    host, kind = walk.host, walk.kind
    walk.xm("suspend", kind)
    assert by_xl(host) == {}
    assert host.xm("domstate", kind).out == "suspended\n"
    walk.found("suspend")
    walk.xm("resume", kind)
    assert by_xl(host) == by_xm(host) == {kind: walk.id}
    assert host.ok("ls", "/var/lib/xenia/saves") == ""
    if walk.is_linux:
        walk.types("echo $((6*8))x", "48x")
    walk.found("resume")


def begin_to_count(walk: Walk) -> str:
    """A Linux counts in its memory; the boot sector does so already. The digest of something random there."""
    if not walk.is_linux:
        return ""
    shown = walk.types(f"{_RANDOM}; {COUNTS} echo begun'.'", r"begun\.")
    (digest,) = re.findall("([0-9a-f]{40})  /run/data", shown)
    return str(digest)


def count(walk: Walk) -> int:
    """How far it has counted."""
    if walk.is_linux:
        return int(re.findall(r"at (\d+)\.", walk.types(COUNTED, r"at \d+\."))[-1])
    return int(re.findall(rf"{guests.COUNT}([0-9a-f]{{4}})", walk.types("", rf"{guests.COUNT}[0-9a-f]{{4}}"))[-1], 16)
