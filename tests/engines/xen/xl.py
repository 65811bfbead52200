"""xl's reading of its files, twice: a strict parser of its grammar, and the library that xl itself uses.

The parser takes what libxlu_cfg_l.l and libxlu_cfg_y.y take, less what is never written here (`+=`, `'` strings,
escapes other than those of `"` and of the backslash, nested lists): it refuses all else.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from typing import Any

import pytest

_LINE = re.compile(r"([a-z][a-z0-9_]*) = (.*)")
_STRING = re.compile(r'"((?:[^"\\\n]|\\["\\])*)"')
_LIST = re.compile(rf"\[ (?:{_STRING.pattern}(?:, {_STRING.pattern})* )?\]")


def parsed(text: str) -> dict[str, Any]:
    """Keys and values of an xl.cfg: numbers as int, each key once."""
    found: dict[str, Any] = {}
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        match = _LINE.fullmatch(line)
        assert match, line
        assert match[1] not in found, f"{match[1]} stands twice"
        found[match[1]] = _value(match[2])
    return found


def _value(text: str) -> Any:
    if re.fullmatch(r"[0-9]+", text):
        return int(text)
    if string := _STRING.fullmatch(text):
        return _unquoted(string[1])
    assert _LIST.fullmatch(text), text
    return [_unquoted(item) for item in _STRING.findall(text)]


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


class Disk(ctypes.Structure):
    """The beginning of libxl_device_disk (libxl_types.idl), which is the same in Xen 4.5 to 4.20, and room for the
    rest.
    """

    _fields_ = (
        ("backend_domid", ctypes.c_uint32),
        ("backend_domname", ctypes.c_char_p),
        ("path", ctypes.c_char_p),
        ("vdev", ctypes.c_char_p),
        ("backend", ctypes.c_int),
        ("format", ctypes.c_int),
        ("script", ctypes.c_char_p),
        ("removable", ctypes.c_int),
        ("writable", ctypes.c_int),
        ("cdrom", ctypes.c_int),
        ("rest", ctypes.c_char * 4096),
    )


BACKENDS = {0: None, 1: "phy", 3: "qdisk"}
FORMATS = {1: "qcow", 2: "qcow2", 3: "vhd", 4: "raw", 5: "empty", 6: "qed"}


class Library:
    """libxlutil, with which xl reads its files."""

    def __init__(self, path: str) -> None:
        self.calls = ctypes.CDLL(path)
        self.report = ctypes.CDLL(None).fopen
        self.report.restype, self.report.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
        self.null = self.report(b"/dev/null", b"w")
        for name, result, arguments in (
            ("xlu_cfg_init", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]),
            ("xlu_cfg_destroy", None, [ctypes.c_void_p]),
            ("xlu_cfg_readdata", ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]),
            (
                "xlu_cfg_get_string",
                ctypes.c_int,
                [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int],
            ),
            (
                "xlu_cfg_get_list",
                ctypes.c_int,
                [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p, ctypes.c_int],
            ),
            ("xlu_cfg_get_listitem", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int]),
            (
                "xlu_disk_parse",
                ctypes.c_int,
                [ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(Disk)],
            ),
        ):
            function = getattr(self.calls, name)
            function.restype, function.argtypes = result, arguments

    def read(self, text: str, keys: Sequence[str]) -> dict[str, Any]:
        """What xl finds under `keys`: texts (numbers too), lists of texts, or nothing."""
        config = self.calls.xlu_cfg_init(self.null, b"test")
        try:
            data = text.encode()
            assert self.calls.xlu_cfg_readdata(config, data, len(data)) == 0, text
            found = {key: self._get(config, key.encode()) for key in keys}
            return {key: value for key, value in found.items() if value is not None}
        finally:
            self.calls.xlu_cfg_destroy(config)

    def _get(self, config: int, key: bytes) -> Any:
        text, items = ctypes.c_char_p(), ctypes.c_void_p()
        if self.calls.xlu_cfg_get_string(config, key, ctypes.byref(text), 1) == 0:
            return (text.value or b"").decode()
        if self.calls.xlu_cfg_get_list(config, key, ctypes.byref(items), None, 1) != 0:
            return None
        found: list[str] = []
        while (item := self.calls.xlu_cfg_get_listitem(items, len(found))) is not None:
            found.append(item.decode())
        return found

    def disk(self, item: str) -> dict[str, Any]:
        """What xl makes of one item of `disk`."""
        config, disk = self.calls.xlu_cfg_init(self.null, b"test"), Disk()
        try:
            words = (ctypes.c_char_p * 1)(item.encode())
            assert self.calls.xlu_disk_parse(config, 1, words, ctypes.byref(disk)) == 0, item
        finally:
            self.calls.xlu_cfg_destroy(config)
        return {
            "path": (disk.path or b"").decode(),
            "vdev": (disk.vdev or b"").decode(),
            "backend": BACKENDS[disk.backend],
            "format": FORMATS[disk.format],
            "script": disk.script.decode() if disk.script else None,
            "writable": bool(disk.writable),
            "cdrom": bool(disk.cdrom),
        }


def _library() -> Library | None:
    for version in ("4.17", "4.20"):
        try:
            return Library(f"libxlutil.so.{version}")
        except OSError:
            continue
    return None


LIBRARY = _library()
needs_library = pytest.mark.skipif(LIBRARY is None, reason="Xen's library libxlutil (libxenmisc4.17) is not here")


def as_xl_reads(settings: dict[str, Any]) -> dict[str, Any]:
    """`settings` as xl keeps them: a number is a text."""
    return {
        key: str(value) if isinstance(value, int | str) else list(value)
        for key, value in settings.items()
        if value != []
    }
