"""xm disk upload."""

from __future__ import annotations

import os
import stat
import time

from xenia.cli.command import Command, add_output
from xenia.cli.disk.result import made, tell
from xenia.cli.disk.words import NAMES, image_path
from xenia.cli.errors import say
from xenia.cli.following import LOOK, Bar, cancel
from xenia.client.errors import EXIT_INTERRUPTED, ClientError, not_found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any, BinaryIO

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the file on this computer")
    parser.add_argument(
        "image", metavar="IMAGE", nargs="?", default="", help="its name on the host, or its path from / on"
    )
    add_output(parser, "text", "json")


def _upload(context: Context, options: Namespace) -> int:
    image = options.image
    if not image or image.endswith("/"):
        image += os.path.basename(options.file)  # noqa: PTH119
    try:
        with _opened(options.file) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            if not size:
                raise ClientError(f"there is nothing in {options.file}")
            job = _send(context, file, image_path(image), size)
    except OSError as error:
        raise ClientError(f"cannot read {options.file}: {error.strerror}", kind="unavailable") from error
    if job["state"] == "cancelled":
        say("cancelled: nothing of it is left")
        raise SystemExit(EXIT_INTERRUPTED)
    if job["state"] != "done":
        raise ClientError.from_problem(job.get("error"), f"the upload was {job['state']}")
    return tell(job["result"], options, made(job["result"]))


def _opened(path: str) -> BinaryIO:
    """Raises ClientError for what is neither a file nor a disk, OSError."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except FileNotFoundError:
        raise not_found(f"there is no file {path}", "name one on this computer") from None
    if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
        raise ClientError(f"{path} is neither a file nor a disk")
    return open(path, "rb", buffering=0)


def _send(context: Context, file: BinaryIO, path: str, size: int) -> dict[str, Any]:
    """The job when it has ended. Who interrupts xm cancels it. Raises ClientError, OSError."""
    from xenia.client.upload import Upload  # brings a library whose import takes longer than the rest of xm

    bar, shown = Bar(), time.monotonic()

    def show(received: int) -> None:
        nonlocal shown
        if bar.seen and time.monotonic() - shown >= LOOK:
            bar.show(received / size)
            shown = time.monotonic()

    upload = Upload.connect(context.client, path, size)
    try:
        return upload.send_file(file, show)
    except KeyboardInterrupt:
        if not upload.job:
            raise
        return cancel(context.client, upload.job)
    finally:
        bar.clear()
        upload.close()


COMMANDS = {
    "upload": Command(
        "xm disk upload [-o FORMAT] FILE [IMAGE]",
        f"""\
Send a file from the computer where xm runs to the host: an ISO image, or a disk in any format. With xm --host, that is
another host. It is called as FILE is, or IMAGE; where that ends with /, it is put into that folder. Folders are made as
needed, and what is there already is never overwritten.

It arrives byte by byte as it is, but blocks of zeros take no space there. There has to be room for it. It is whole or
not there: Ctrl-C, and a connection that breaks, leave nothing. One that is based on a file outside the folders of
images is refused, as is what can be no disk; send a packed one unpacked.
{NAMES}""",
        _options,
        _upload,
        examples=(
            ("xm disk upload debian-13.iso", "below the folder of images"),
            ("xm --host alpha disk upload old.vmdk import/", "to another host, as import/old.vmdk"),
            ("xm disk upload /dev/sr0 windows.iso", "a disc in this computer"),
        ),
        see_also=("disk list", "disk convert", "cd-insert"),
    )
}
