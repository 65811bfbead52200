"""Keys that are pressed from outside, as the keyboard controller of a real machine has them."""

from __future__ import annotations

import asyncio
import re

import pytest
from tests.engines.qemu import sectors
from tests.live.test_screens import tunnel
from tests.live.test_vga import viewer
from tests.support.live import LiveHost, until

pytestmark = [
    pytest.mark.qemu,
    # The cipher that VNC passwords are made of is out of fashion in the client's library.
    pytest.mark.filterwarnings("ignore:.*TripleDES"),
]


class Keyboard:
    """A guest that says what its keyboard has said."""

    def __init__(self, host: LiveHost, name: str = "keys", more: str = "") -> None:
        self.host, self.name = host, name
        image = host.root / f"var/lib/xen/{name}.img"
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(sectors.echoing_keys())
        host.hvm(name, f"disk = ['file:{image},hda,w']\n{more}")
        host.ok("create", name)
        self._log = host.root / f"var/log/xenia/console-{name}-serial.log"
        until(lambda: "ready\n" in self._log.read_text(), "the guest reads its keyboard")
        self._seen = len(self.codes())

    def codes(self) -> list[str]:
        return re.findall(r"\b[0-9a-f]{2}\b", self._log.read_text().rpartition("ready\n")[2])

    def has(self, words: str) -> None:
        """Wait for these codes, the next ones."""
        wanted = words.split()
        until(lambda: len(self.codes()) >= self._seen + len(wanted), f"the keyboard has said {words}")
        assert self.codes()[self._seen :] == wanted
        self._seen += len(wanted)

    def press(self, *words: str) -> None:
        self.host.ok("send-key", self.name, *words)


def test_keys_and_texts_arrive_as_they_were_meant(host: LiveHost) -> None:
    keyboard = Keyboard(host)
    keyboard.press("ctrl-alt-delete")
    keyboard.has("1d 38 e0 53 e0 d3 b8 9d")
    keyboard.press("Ctrl+Alt+F2", "ret", "a")
    keyboard.has("1d 38 3c bc b8 9d 1c 9c 1e 9e")
    keyboard.press("--text", "Ab-1!", "ret", "--hold", "1")
    keyboard.has("2a 1e 9e aa 30 b0 0c 8c 02 82 2a 02 82 aa 1c 9c")
    keyboard.press("alt-sysrq")
    keyboard.has("38 b8 38 54 d4 b8 38 b8")  # as a keyboard of a PC does it
    keyboard.press("super", "pgup", "kp_enter", "ctrl-shift-esc", "alt_r-q")
    keyboard.has("e0 5b e0 db e0 49 e0 c9 e0 1c e0 9c 1d 2a 01 81 aa 9d e0 38 10 90 e0 b8")
    keyboard.press("pause", "print")
    keyboard.has("e1 1d 45 e1 9d c5 e0 2a e0 37 e0 b7 e0 aa")


def test_one_that_looks_on_is_not_thrown_out(host: LiveHost) -> None:
    keyboard = Keyboard(host)

    async def look() -> None:
        async with tunnel(host, "keys") as through, viewer(through, None) as eyes:
            await asyncio.to_thread(keyboard.press, "x")
            await asyncio.wait_for(eyes.screenshot(), 60)

    asyncio.run(look())
    keyboard.has("2d ad")


def test_nothing_is_pressed_when_one_word_is_none(host: LiveHost) -> None:
    keyboard = Keyboard(host)
    for words, hint in (
        (("a", "ctrl-alt-dlete"), "did you mean delete or"),
        (("a", "--text", "Grüße"), "US keyboard"),
        (("a", "ctrl-alt-2"), "ctrl-alt-f1"),
        (("a", "--hold", "0"), "1 to 5000"),
    ):
        said = host.xm("send-key", "keys", *words)
        assert (said.code, hint in said.err) == (1, True), said
    keyboard.press("b")
    keyboard.has("30 b0")


def test_a_guest_without_a_screen_says_so_and_one_that_does_not_run(host: LiveHost) -> None:
    host.linux()
    said = host.xm("send-key", "demo", "ret")
    assert (said.code, "cannot press keys in domain 'demo': it is not running" in said.err) == (5, True), said
    host.ok("create", "demo")
    said = host.xm("send-key", "demo", "ret")
    assert (said.code, "has no screen" in said.err) == (1, True), said
