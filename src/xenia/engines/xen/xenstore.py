"""A client of xenstore: the tree that hypervisor tools, guests and drivers share, with watches.

It speaks to xenstored's socket, or, where that runs in a domain of its own, through the kernel's /dev/xen/xenbus. A
connection that is lost is made anew, and all watches with it; each of them fires once then, as at its beginning.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Container, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from xenia.engines.xen.transaction import Transaction
from xenia.engines.xen.wire import Decoder, Kind, Message, encode, strings
from xenia.lib.aio import Tasks
from xenia.lib.terminal import DeviceTransport
from xenia.model.errors import XeniaError, engine_failed, unavailable

log = logging.getLogger(__name__)

PATHS = (Path("/run/xenstored/socket"), Path("/dev/xen/xenbus"), Path("/proc/xen/xenbus"))
"""Where xenstore can be reached, in the order to try."""

_ANSWER_SECONDS = 20.0
_AGAIN_SECONDS = (0.1, 0.5, 2.0)

Fired = Callable[[str], None]
"""Called with the path that has changed."""
T = TypeVar("T")


class Xenstore:
    """`connect` before anything else, `close` at the end. Values are text; what is no UTF-8 is kept by surrogates."""

    def __init__(self, paths: Sequence[Path] = PATHS) -> None:
        self._paths = paths
        self._watches: dict[str, tuple[str, Fired]] = {}
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._link: _Link | None = None
        self._tasks = Tasks()
        self._reconnecting: asyncio.Task[None] | None = None
        self._closed = False

    async def connect(self) -> None:
        """Raises unavailable when xenstored cannot be reached."""
        link = _Link(self._heard, self._lost)
        try:
            await link.open(self._paths)
        except OSError as error:
            raise unavailable(
                f"xenstored cannot be reached: {error.strerror or error}",
                "is it running? on Debian: systemctl status xen; its socket is /run/xenstored/socket",
            ) from error
        self._link = link

    async def close(self) -> None:
        self._closed = True
        await self._tasks.close()
        if self._link is not None:
            self._link.close()

    def check(self) -> None:
        """Raises unavailable while there is no connection."""
        self._connected()

    async def read(self, path: str) -> str | None:
        """The value at `path`, None where there is nothing. Raises engine_failed, unavailable."""
        try:
            answer = await self._ask(Kind.READ, strings(path))
        except FileNotFoundError:
            return None
        return answer.payload.decode("utf-8", "surrogateescape")

    async def directory(self, path: str) -> list[str]:
        """The names below `path`; none where there is nothing. Raises engine_failed, unavailable."""
        try:
            answer = await self._ask(Kind.DIRECTORY, strings(path))
        except FileNotFoundError:
            return []
        except XeniaError as error:
            if not isinstance(error.__cause__, OSError) or error.__cause__.errno != errno.E2BIG:
                raise
        else:
            return answer.strings
        try:
            return await self._large_directory(path)
        except FileNotFoundError:  # it was removed meanwhile
            return []

    async def _large_directory(self, path: str) -> list[str]:
        """A folder whose names fit in no single answer (XS_DIRECTORY_PART): begun again when it changes meanwhile."""
        names, generation, offset = b"", None, 0
        while True:
            answer = await self._ask(Kind.DIRECTORY_PART, strings(path, str(offset)))
            now, _, part = answer.payload.partition(b"\0")
            if generation not in (None, now):
                names, generation, offset = b"", None, 0
                continue
            generation = now
            names += part.removesuffix(b"\0") + b"\0" if part.strip(b"\0") else b""
            if part.endswith(b"\0\0") or not part.strip(b"\0"):
                return [name.decode("utf-8", "surrogateescape") for name in names.split(b"\0") if name]
            offset += len(part)

    async def write(self, path: str, value: str) -> None:
        """Raises engine_failed, unavailable."""
        await self._ask(Kind.WRITE, strings(path) + value.encode("utf-8", "surrogateescape"))

    async def remove(self, path: str) -> None:
        """Remove `path` and all below it; silent where there is nothing. Raises engine_failed, unavailable."""
        try:
            await self._ask(Kind.RM, strings(path))
        except FileNotFoundError:
            return

    async def resume(self, domid: int) -> None:
        """Tell it that a domain that was suspended has gone on: only then is the end of that domain told again.

        Raises engine_failed, unavailable.
        """
        try:
            await self._ask(Kind.RESUME, strings(str(domid)))
        except FileNotFoundError:
            raise engine_failed("there is no such domain any more") from None

    async def watch(self, path: str, fired: Fired) -> str:
        """Have `fired` called now and whenever something at or below `path` changes; the token to end it with.

        One call may stand for several changes: xenstored drops an event while the same one waits to be read (XSA-326).
        Raises engine_failed, unavailable.
        """
        token = f"xenia-{next(self._numbers)}"
        self._watches[token] = (path, fired)
        try:
            await self._ask(Kind.WATCH, strings(path, token))
        except BaseException:
            self._watches.pop(token, None)
            raise
        return token

    async def unwatch(self, token: str) -> None:
        """End a watch; silent when it has ended or xenstore is gone."""
        known = self._watches.pop(token, None)
        if known is not None:
            try:
                await self._ask(Kind.UNWATCH, strings(known[0], token))
            except (XeniaError, FileNotFoundError):
                return

    async def wait_for(self, path: str, seconds: float) -> str | None:
        """The value at `path` as soon as there is one; None when there is none within `seconds`."""
        return await self._wait(path, bool, seconds)

    async def comes_to(self, path: str, values: Container[str | None], seconds: float) -> bool:
        """Whether `path` has one of `values` within `seconds`; None is one that is removed."""
        return await self._wait(path, lambda value: value in values, seconds) in values

    async def _wait(self, path: str, wanted: Callable[[str | None], bool], seconds: float) -> str | None:
        """The value that is wanted, or the last one."""
        changed, value = asyncio.Event(), None
        token = await self.watch(path, lambda _path: changed.set())
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await changed.wait()
                    changed.clear()
                    if wanted(value := await self.read(path)):
                        return value
        except TimeoutError:
            return value
        finally:
            await self.unwatch(token)

    async def atomically(self, change: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do `change` so that others see all of it or nothing. It is done anew where somebody else was quicker, so it
        must do nothing else. Raises what it raises, and then nothing is changed; engine_failed, unavailable.
        """
        while True:
            number = int((await self._ask(Kind.TRANSACTION_START, strings(""))).strings[0])
            ask = partial(self._ask, transaction=number)
            try:
                result = await change(Transaction(ask))
            except BaseException:
                with suppress(XeniaError, FileNotFoundError):
                    await ask(Kind.TRANSACTION_END, strings("F"))
                raise
            try:
                await ask(Kind.TRANSACTION_END, strings("T"))
            except XeniaError as error:
                if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EAGAIN:
                    continue
                raise
            return result

    def _connected(self) -> _Link:
        if self._link is None:
            raise unavailable(
                "xenstored is not connected", "is it running? xend connects again by itself when it is there"
            )
        return self._link

    async def _ask(self, kind: Kind, payload: bytes, transaction: int = 0) -> Message:
        """Raises FileNotFoundError, and for other refusals engine_failed with the OSError as its cause."""
        link = self._connected()
        number = next(self._numbers) & 0xFFFFFFFF
        try:
            request = encode(Message(kind, number, transaction, payload))
        except ValueError as error:
            raise _refused(errno.E2BIG, kind, payload) from error
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            link.send(request)
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await future
        except TimeoutError:
            raise unavailable(f"xenstored does not answer within {_ANSWER_SECONDS:g} s") from None
        finally:
            self._waiting.pop(number, None)
        if answer.kind == Kind.ERROR:
            raise _refusal(answer, kind, payload)
        return answer

    def _heard(self, message: Message) -> None:
        if message.kind == Kind.WATCH_EVENT:
            path, token = (*message.strings, "", "")[:2]
            known = self._watches.get(token)
            if known is not None:
                known[1](path)
            return
        future = self._waiting.get(message.request)
        if future is not None and not future.done():
            future.set_result(message)

    def _lost(self, link: _Link) -> None:
        if link is not self._link:
            return
        self._link = None
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(unavailable("xenstored has closed the connection", "xend connects again"))
        if not self._closed:
            log.warning("the connection to xenstored is lost")
            if self._reconnecting is None or self._reconnecting.done():
                self._reconnecting = self._tasks.start(self._connect_again(), name="xenstore connection")

    async def _connect_again(self) -> None:
        for pause in itertools.chain(_AGAIN_SECONDS, itertools.repeat(_AGAIN_SECONDS[-1])):
            await asyncio.sleep(pause)
            try:
                await self.connect()
                for token, (path, _) in tuple(self._watches.items()):
                    if token in self._watches:
                        await self._ask(Kind.WATCH, strings(path, token))
            except (XeniaError, FileNotFoundError):
                if self._link is not None:
                    self._link.close()
                continue
            if self._link is not None:
                log.info("connected to xenstored again")
                return


def _refusal(answer: Message, kind: Kind, payload: bytes) -> Exception:
    name = answer.strings[0] if answer.strings else ""
    number = getattr(errno, name, errno.EIO)
    if number == errno.ENOENT:
        return FileNotFoundError(number, os.strerror(number))
    return _refused(number, kind, payload)


def _refused(number: int, kind: Kind, payload: bytes) -> XeniaError:
    what = payload.partition(b"\0")[0].decode("utf-8", "replace")
    error = engine_failed(f"xenstore refuses {kind.name.lower().replace('_', ' ')} of {what}: {os.strerror(number)}")
    error.__cause__ = OSError(number, os.strerror(number))
    return error


class _Link(asyncio.Protocol):
    """One connection."""

    def __init__(self, heard: Callable[[Message], None], lost: Callable[[_Link], None]) -> None:
        self._heard = heard
        self._lost = lost
        self._decoder = Decoder()
        self._transport: asyncio.WriteTransport | None = None

    async def open(self, paths: Sequence[Path]) -> None:
        """The first path that exists. Raises its OSError where nobody answers there: the kernel's own device would take
        what is written to it also while there is no xenstored, and hold the writer until there is one.
        """
        for path in paths:
            try:
                await self._open(path)
            except FileNotFoundError as error:
                last = error
            else:
                return
        raise last

    async def _open(self, path: Path) -> None:
        loop = asyncio.get_running_loop()
        if stat.S_ISCHR(path.stat().st_mode):
            DeviceTransport(os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK), self)
        else:
            await loop.create_unix_connection(lambda: self, os.fspath(path))
        if self._transport is None:  # lost at once
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._decoder.feed(data):
                self._heard(message)
        except ValueError as error:
            log.error("xenstored sends what is not its protocol: %s", error)
            self.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._lost(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
