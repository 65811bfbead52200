"""The table of the commands of xm disk."""

from __future__ import annotations

from xenia.cli.commands import Entry

TABLE = (
    Entry("Look", "list", "disk.list", "List the images, and who uses them", ("ls",)),
    Entry("Look", "info", "disk.info", "Tell all about an image"),
    Entry("Look", "check", "disk.check", "Look whether an image is sound, and repair it"),
    Entry("Look", "export", "disk.export", "Offer an image to backup tools, read-only"),
    Entry("Make and change", "create", "disk.create", "Make an image"),
    Entry("Make and change", "clone", "disk.clone", "Make an image that begins as another one"),
    Entry("Make and change", "convert", "disk.convert", "Make an image in another format of one"),
    Entry("Make and change", "upload", "disk.upload", "Send an image from this computer to the host"),
    Entry("Make and change", "partition", "disk.partition", "Show the partitions in an image, or make some"),
    Entry("Make and change", "resize", "disk.resize", "Make an image larger or smaller"),
    Entry("Make and change", "delete", "disk.delete", "Remove an image that nobody needs", ("rm",)),
)
