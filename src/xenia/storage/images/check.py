"""Looking whether what a qcow2 image says of its own parts is true, and putting it right."""

from __future__ import annotations

import errno
import json
import os
from contextlib import nullcontext

from xenia.lib.text import printable
from xenia.model.errors import engine_failed, invalid, unavailable
from xenia.model.image import ImageCheck
from xenia.storage.images.qemu_img import QemuImg, reason
from xenia.storage.images.room import room_behind
from xenia.storage.lock import lock
from xenia.storage.open import refuse_protected
from xenia.storage.paths import Place, shell_word

_SECONDS = 3600
_HAS_ENDED = (0, 2, 3)
"""Sound, damaged, lost space (man qemu-img)."""


async def check(place: Place, qemu_img: QemuImg, *, repair: bool) -> ImageCheck:
    """What is wrong in the qcow2 image `place`, after it was repaired where that is wanted.

    Raises a conflict while somebody writes to it (reads it, for a repair), denied for a repair of what is protected,
    invalid for what cannot be checked, and what QemuImg raises.
    """
    if repair:
        refuse_protected(place)
    descriptor = place.open(write=repair)
    try:
        lock(descriptor, write=repair, path=place.path)
        try:
            with room_behind(descriptor) if repair else nullcontext():
                ended = await qemu_img.check(
                    descriptor, repair=repair, block_device=place.block_device, seconds=_SECONDS
                )
        except TimeoutError as error:
            raise unavailable(f"'{printable(place.path)}' could not be checked within an hour") from error
        if ended.code not in _HAS_ENDED and os.strerror(errno.ENOSPC) in ended.err:
            raise unavailable(f"there is no space to repair '{printable(place.path)}'", "free some space and try again")
        if ended.code not in _HAS_ENDED:
            raise invalid(
                f"'{printable(place.path)}' cannot be checked: {reason(ended.err)}",
                f"take it from a backup, or look what its header says: xm disk info {shell_word(place.path)}",
            )
        return _read(ended.out, damaged=ended.code == 2)
    finally:
        os.close(descriptor)


def _read(out: str, *, damaged: bool) -> ImageCheck:
    try:
        facts = json.loads(out)
        names = ("corruptions", "leaks", "corruptions-fixed", "leaks-fixed", "allocated-clusters", "total-clusters")
        errors, leaks, repaired, freed, allocated, total = (int(facts.get(name, 0)) for name in names)
    except (ValueError, TypeError, AttributeError) as error:
        raise engine_failed(f"qemu-img's answer is not understood: {printable(out)[:200]}") from error
    return ImageCheck(max(errors, int(damaged)), leaks, repaired, freed, allocated, total)
