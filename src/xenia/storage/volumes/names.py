"""What volumes are called: /dev/VG/LV, and /dev/mapper/VG-LV. What can be a name stands in lvm(8), VALID NAMES."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xenia.lib.text import printable
from xenia.model.errors import XeniaError, invalid

_NAME = re.compile(r"[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}")
_RESERVED = re.compile(r"(snapshot|pvmove)")
_INTERNAL = re.compile(
    r"_(cdata|cmeta|corig|cvol|imeta|iorig|mimage|mlog|pmspare|rimage|rmeta|tdata|tmeta|vdata|vorigin|wcorig)"
)
"""LVM's own parts of volumes have these in their names."""
_MAPPED = re.compile(r"((?:[^-]|--)+)-((?:[^-]|--)+)")


@dataclass(frozen=True, slots=True)
class VolumeName:
    group: str
    name: str

    @property
    def path(self) -> str:
        return f"/dev/{self.group}/{self.name}"

    @property
    def word(self) -> str:
        """As LVM's programs are told of it."""
        return f"{self.group}/{self.name}"


def is_name(word: str) -> bool:
    """Whether it can be the name of a volume group, or of a volume as far as its characters go."""
    return _NAME.fullmatch(word) is not None and word not in (".", "..")


def why_unusable(name: str) -> str:
    """Why no new volume can be called so, or ""."""
    if not is_name(name):
        return "names consist of letters, digits and + _ . -, do not begin with -, and have at most 127 characters"
    if _RESERVED.match(name):
        return "names that begin with snapshot or pvmove are LVM's own"
    if found := _INTERNAL.search(name):
        return f"LVM calls its own parts of volumes so: {found[0]}"
    return ""


def of_mapped(name: str) -> VolumeName | None:
    """The volume that the device mapper calls so: a hyphen in a name is doubled there (lvm(8))."""
    found = _MAPPED.fullmatch(name)
    return VolumeName(*(part.replace("--", "-") for part in found.groups())) if found else None


def of_path(path: str) -> VolumeName | None:
    """What a path means as the name of a volume, whether there is one or not; None for what is no such path."""
    if path.startswith("/dev/mapper/"):
        return of_mapped(path.removeprefix("/dev/mapper/"))
    before, *parts = path.split("/")
    if before or len(parts) != 3 or parts[0] != "dev" or not is_name(parts[1]) or not parts[2]:
        return None
    return VolumeName(parts[1], parts[2])


def pool_in(group: str, word: str) -> str:
    """The name of the thin pool in `group` that `word` is: POOL, VG/POOL or /dev/VG/POOL. Raises invalid for one that
    is none, or in another group.
    """
    *before, name = word.removeprefix("/dev/").split("/")
    if before not in ([], [group]) or not is_name(name):
        raise _no_pool(group, word)
    return name


def _no_pool(group: str, word: str) -> XeniaError:
    return invalid(f"'{printable(word)}' is no thin pool of the volume group {group}", f"see them: lvs {group}")
