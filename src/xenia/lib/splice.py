"""Two connections made one."""

from __future__ import annotations

import asyncio

from xenia.lib.aio import together

_PIECE = 1 << 16


async def splice(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    other_reader: asyncio.StreamReader,
    other_writer: asyncio.StreamWriter,
) -> None:
    """Pass on what either side says until one of them ends, at the pace of who reads it. Raises EOFError then, or
    OSError.
    """
    await together(_pump(reader, other_writer), _pump(other_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_PIECE):
        writer.write(data)
        await writer.drain()
    raise EOFError
