"""What is told of an image when something was done to it."""

from __future__ import annotations

from xenia.cli.disk.words import shown_size
from xenia.cli.errors import say
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any


def tell(result: dict[str, Any], options: Namespace, text: str) -> int:
    """Print the result as `-o` wants it, text being `text`; remarks go to stderr."""
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(result, options.output)
        return 0
    for note in result["notes"]:
        say(note)
    print(text)
    return 0


def made(result: dict[str, Any]) -> str:
    """What is told of a new image."""
    image = result["image"]
    return (
        f"{printable(image['path'])}: {image['format']}, {shown_size(image['size'])}, takes "
        f"{shown_size(image['allocated'])} now; {shown_size(result['free'])} free"
    )
