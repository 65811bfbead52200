"""An X display without a screen, and FreeRDP in it: what a client of others shows can be read."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.support.live import LIMIT
from tests.support.reading import read

WIDTH, HEIGHT = 1024, 768


class Display:
    """An X display without a screen, whose pixels are in a file (Xvfb -fbdir, in X's own format XWD)."""

    def __init__(self, number: str, pixels: Path) -> None:
        self.number = number
        self._pixels = pixels

    def picture(self) -> np.ndarray:
        """Rows of pixels of 32 bits: blue, green, red and nothing."""
        data = self._pixels.read_bytes()
        header, colours = int.from_bytes(data[:4]), int.from_bytes(data[76:80])
        pixels = np.frombuffer(data, np.uint8, WIDTH * HEIGHT * 4, header + 12 * colours)
        return pixels.reshape(HEIGHT, WIDTH, 4)

    def text(self) -> str:
        return read(self.picture(), times=2)

    def shows(self, word: str, seconds: float = LIMIT) -> None:
        """Wait until it can be read."""
        deadline = time.monotonic() + seconds
        while word not in (text := self.text()):
            assert time.monotonic() < deadline, f"no '{word}' on the display, but:\n{text}"

    @contextmanager
    def client(self, place: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """xfreerdp as somebody who knows the host."""
        program = shutil.which("xfreerdp3") or "xfreerdp"
        size = f"/size:{WIDTH}x{HEIGHT}"
        client = subprocess.Popen(
            [program, f"/v:{place}", "/cert:ignore", "/u:vnc", size, *words],
            env=os.environ | {"DISPLAY": self.number, "HOME": str(self._pixels.parent)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield client
        finally:
            client.kill()
            client.wait()


@contextmanager
def x_display(folder: Path) -> Iterator[Display]:
    """One that lasts as long as the context, its pixels in `folder`."""
    for program in ("Xvfb", "tesseract"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: ./check does that")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(folder)],
        pass_fds=[writing],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with open(reading) as told:
            number = told.readline().strip()
        assert number, "Xvfb has no display"
        yield Display(f":{number}", folder / "Xvfb_screen0")
    finally:
        server.kill()
        server.wait()
