"""Images: the files and block devices that disks are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xenia.model.volume import Volume, VolumeGroup


class ImageFormat(StrEnum):
    """The formats that are written here. QEMU's names."""

    RAW = "raw"
    QCOW2 = "qcow2"


@dataclass(frozen=True, slots=True)
class ImageUser:
    """A disk of a domain that is this image, or is based on it; `runs`: the domain has it open now. One that is called
    SOURCE@NUMBER is a clone that is held ready.
    """

    domain: str
    target: str
    runs: bool = False

    @property
    def way_out(self) -> str:
        """What has one that runs let go of it."""
        source, held, _ = self.domain.partition("@")
        return f"xm snapshot warm {source} SNAPSHOT 0" if held else f"xm shutdown {self.domain}"


@dataclass(frozen=True, slots=True)
class Image:
    """One image. `path` is its real path, `format` QEMU's name of it, `size` what a guest sees and `allocated` what it
    takes on the host, in bytes.

    `backing` is the path of the image that it is based on, or "". `clones` are those that are based on it, as far as
    they lie below the roots. `problem` says why it cannot be used, or is "". `volume` is what LVM tells of it, where it
    is a volume of one of xend's groups.
    """

    path: str
    format: str
    size: int
    allocated: int
    backing: str = ""
    problem: str = ""
    users: tuple[ImageUser, ...] = ()
    clones: tuple[str, ...] = ()
    volume: Volume | None = None


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """A folder of images, and what is free on its file system, in bytes."""

    path: str
    free: int


@dataclass(frozen=True, slots=True)
class ImageList:
    """What lies below the roots, and in `groups`, the volume groups. `partial`: there was more than a list holds."""

    images: tuple[Image, ...]
    folders: tuple[ImageFolder, ...]
    partial: bool = False
    groups: tuple[VolumeGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """A partition: `start` and `size` in bytes, `content` what it holds, or "" where nothing is recognised."""

    number: int
    start: int
    size: int
    content: str = ""
    active: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """What is in an image. `table` is gpt, mbr or "", `content` what a disk without partitions holds, `problem` why it
    cannot be read, or "".
    """

    table: str = ""
    partitions: tuple[PartitionRow, ...] = ()
    content: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """All about one image. `chain` are the files that it is based on, from the top down, without itself; `used` is
    `writing`, `reading` or "", as the locks on it tell; `protected`: its mode lets nobody write to it.

    `free` are the bytes that are free where it lies: in a folder, a volume group or a thin pool. `group` is that of a
    volume, `snapshots` are the paths of those that began as it.
    """

    image: Image
    chain: tuple[Image, ...]
    layout: Layout
    used: str
    protected: bool
    free: int
    notes: tuple[str, ...] = ()
    group: VolumeGroup | None = None
    snapshots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageCheck:
    """What is wrong in an image: `errors`, and `leaks`, clusters that nothing uses; what was put right, `repaired` and
    `freed`. `allocated` of its `total` clusters are in use.
    """

    errors: int
    leaks: int
    repaired: int
    freed: int
    allocated: int
    total: int


class TableKind(StrEnum):
    GPT = "gpt"
    MBR = "mbr"


class PartitionKind(StrEnum):
    """What a table says that a partition is for."""

    LINUX = "linux"
    SWAP = "swap"
    EFI = "efi"
    LVM = "lvm"
    WINDOWS = "windows"
    BIOS = "bios"
    """GRUB's own, on a gpt disk that no UEFI starts from."""


@dataclass(frozen=True, slots=True)
class NewPartition:
    """A wish: a partition of `size` bytes, None for the rest of the disk. `boot`: firmware of old starts from it."""

    size: int | None
    kind: PartitionKind = PartitionKind.LINUX
    boot: bool = False


@dataclass(frozen=True, slots=True)
class NewImage:
    """A wish: an image of `size` bytes at `path`; `format` None: as the name and `backing` say. `backing` is the image
    that it is to be based on, or "". `preallocate`: all its space is taken at once. `pool` is the thin pool that a
    volume is to be in, or "". `wiped`: a thick volume is filled with zeros.
    """

    path: str
    size: int | None
    format: ImageFormat | None = None
    backing: str = ""
    preallocate: bool = False
    pool: str = ""
    wiped: bool = True

    @property
    def chosen_format(self) -> ImageFormat:
        """What nobody has named is qcow2 for a name that ends so, and for what is based on another image."""
        if self.format is not None:
            return self.format
        return ImageFormat.QCOW2 if self.backing or self.path.endswith(".qcow2") else ImageFormat.RAW
