"""The text as it stands in the file, and the text that is read: without byte-order mark, each line end one `\\n`."""

from __future__ import annotations

import re
from bisect import bisect_left

from xenia.guestfile.edit.layout import Span, Splice, spliced

_LINE_END = re.compile(r"\r\n|\r|\n")


def spliced_raw(raw: str, splices: tuple[Splice, ...]) -> str:
    """`raw` with `splices` made, whose places are those in the text that is read of it. New lines end as the first one
    of the file does.
    """
    mark = 1 if raw.startswith("\ufeff") else 0
    ends = list(_LINE_END.finditer(raw))
    line_end = ends[0][0] if ends else "\n"
    doubles = [found.start() for found in ends if len(found[0]) == 2]
    places = [start - mark - number for number, start in enumerate(doubles)]

    def place(offset: int) -> int:
        return offset + mark + bisect_left(places, offset)

    return spliced(
        raw,
        tuple(
            Splice(Span(place(each.span.start), place(each.span.end)), each.text.replace("\n", line_end))
            for each in splices
        ),
    )
