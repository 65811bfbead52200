"""Which volume a device is. The kernel calls it /dev/dm-7, and another number at the next boot; here it is /dev/VG/LV,
for users, roots and records, whichever link led to it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from xenia.storage.volumes.names import VolumeName, of_mapped

_UUID = len("LVM-") + 2 * 32
"""Of a volume that is for use; those of LVM's own parts have something behind it."""


def volume_of(status: os.stat_result) -> VolumeName | None:
    """The volume that has this device; None for another device, or none at all."""
    if not stat.S_ISBLK(status.st_mode):
        return None
    mapped = Path(f"/sys/dev/block/{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}/dm")
    try:
        name, uuid = (mapped.joinpath(each).read_text().strip() for each in ("name", "uuid"))
    except OSError:
        return None
    return of_mapped(name) if uuid.startswith("LVM-") and len(uuid) == _UUID else None


def real_path(path: str) -> str:
    """As os.path.realpath, and /dev/VG/LV for a volume."""
    real = os.path.realpath(path)
    try:
        volume = volume_of(Path(real).stat()) if real.startswith("/dev/") else None
    except (OSError, ValueError):
        return real
    return volume.path if volume is not None else real
