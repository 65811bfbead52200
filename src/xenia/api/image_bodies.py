"""What the API is sent about images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from xenia.api.bodies import Body, Text
from xenia.model.image import ImageFormat, NewImage, NewPartition, PartitionKind, TableKind

Pool = Annotated[Text, Field(description="the thin pool that a volume of LVM is to be in; empty for a thick one")]
Wipe = Annotated[bool, Field(description="fill a thick volume with zeros, or what it gets")]


class NewImageBody(Body):
    path: Annotated[Text, Field(description="where it is to lie; not from / on: below the first of the roots")]
    size: Annotated[int | None, Field(description="bytes; null for the size of its base", ge=1, lt=2**62)] = None
    format: Annotated[
        ImageFormat | None, Field(description="null for what the name and the base say", strict=False)
    ] = None
    backing: Annotated[Text, Field(description="the image that it is to be based on; empty for none")] = ""
    preallocate: Annotated[bool, Field(description="take all its space now")] = False
    pool: Pool = ""
    wipe: Wipe = True

    def wish(self) -> NewImage:
        return NewImage(self.path, self.size, self.format, self.backing, self.preallocate, self.pool, self.wipe)


class CloneImageBody(Body):
    source: Annotated[Text, Field(description="the image that it begins as")]
    target: Annotated[Text, Field(description="where it is to lie; not from / on: below the first of the roots")]
    full: Annotated[bool, Field(description="copy all, so that it stands alone")] = False
    pool: Pool = ""


class ConvertImageBody(Body):
    source: Annotated[Text, Field(description="the image that is read")]
    target: Annotated[Text, Field(description="where it is to lie; not from / on: below the first of the roots")]
    format: Annotated[ImageFormat | None, Field(description="null for what its name says", strict=False)] = None
    raw: Annotated[bool, Field(description="the source is a raw disk, whatever it begins like")] = False
    pool: Pool = ""


class NewPartitionBody(Body):
    size: Annotated[int | None, Field(description="bytes; null for the rest of the disk", ge=1, lt=2**62)] = None
    kind: Annotated[PartitionKind, Field(strict=False)] = PartitionKind.LINUX
    boot: Annotated[bool, Field(description="firmware of old starts from it")] = False


class PartitionImageBody(Body):
    path: Annotated[Text, Field(description="the image")]
    table: Annotated[TableKind, Field(description="the kind of table", strict=False)]
    partitions: Annotated[
        list[NewPartitionBody], Field(description="in their order", max_length=128, default_factory=list)
    ]
    force: Annotated[bool, Field(description="also where there is something already")] = False

    def wanted(self) -> list[NewPartition]:
        return [NewPartition(each.size, each.kind, each.boot) for each in self.partitions]


class ExportImageBody(Body):
    path: Annotated[Text, Field(description="the image")]
    listen: Annotated[Text, Field(description="ADDRESS:PORT; empty for a socket of the caller's")] = ""
    raw: Annotated[bool, Field(description="it is a raw disk, whatever it begins like")] = False


class CheckImageBody(Body):
    path: Annotated[Text, Field(description="the image")]
    repair: Annotated[bool, Field(description="put right what can be")] = False


class ResizeImageBody(Body):
    path: Annotated[Text, Field(description="the image")]
    size: Annotated[int, Field(description="bytes that it is to have", ge=1, lt=2**62)]
    shrink: Annotated[bool, Field(description="also fewer than it has")] = False
    wipe: Wipe = True


class DeleteImageBody(Body):
    path: Annotated[Text, Field(description="the image")]
    force: Annotated[bool, Field(description="also where a guest file names it")] = False
