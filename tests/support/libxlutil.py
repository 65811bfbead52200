"""libxlutil, the library with which xl itself reads guest files, called in place."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest


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


BACKENDS = {0: None, 1: "phy", 2: "tap", 3: "qdisk"}
FORMATS = {1: "qcow", 2: "qcow2", 3: "vhd", 4: "raw", 5: "empty", 6: "qed"}


class Library:
    """The functions of libxlutil.h that xl calls, on texts."""

    def __init__(self, path: str) -> None:
        self.calls = ctypes.CDLL(path)
        opened = ctypes.CDLL(None).fopen
        opened.restype, opened.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
        self.null = opened(b"/dev/null", b"w")
        pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
        for name, result, arguments in (
            ("xlu_cfg_init", pointer, [pointer, text]),
            ("xlu_cfg_destroy", None, [pointer]),
            ("xlu_cfg_readdata", number, [pointer, text, number]),
            ("xlu_cfg_get_string", number, [pointer, text, ctypes.POINTER(text), number]),
            ("xlu_cfg_get_list", number, [pointer, text, ctypes.POINTER(pointer), pointer, number]),
            ("xlu_cfg_get_listitem2", pointer, [pointer, number]),
            ("xlu_cfg_value_get_string", number, [pointer, pointer, ctypes.POINTER(text), number]),
            ("xlu_cfg_value_get_list", number, [pointer, pointer, ctypes.POINTER(pointer), number]),
            ("xlu_disk_parse", number, [pointer, number, ctypes.POINTER(text), ctypes.POINTER(Disk)]),
            ("xlu_pci_parse_spec_string", number, [pointer, pointer, text]),
        ):
            function = getattr(self.calls, name)
            function.restype, function.argtypes = result, arguments

    @contextmanager
    def _config(self) -> Iterator[int]:
        config = self.calls.xlu_cfg_init(self.null, b"test")
        try:
            yield config
        finally:
            self.calls.xlu_cfg_destroy(config)

    def read(self, text: str, keys: Sequence[str]) -> dict[str, Any]:
        """What xl finds under `keys`: texts (numbers too), lists of texts, or nothing."""
        found = self.settings(text.encode())
        assert found is not None, text
        return {key: found[key] for key in keys if key in found}

    def settings(self, data: bytes) -> dict[str, Any] | None:
        """All that xl finds in a file, numbers as texts; None for one that it refuses."""
        with self._config() as config:
            if self.calls.xlu_cfg_readdata(config, data, len(data)) != 0:
                return None
            names = dict.fromkeys(re.findall(rb"[a-z][a-z0-9_]*", data))
            found = {name.decode(): self._setting(config, name) for name in names}
            return {name: value for name, value in found.items() if value is not None}

    def _setting(self, config: int, name: bytes) -> Any:
        text, items = ctypes.c_char_p(), ctypes.c_void_p()
        if self.calls.xlu_cfg_get_string(config, name, ctypes.byref(text), 1) == 0:
            return _text(text)
        if self.calls.xlu_cfg_get_list(config, name, ctypes.byref(items), None, 1) == 0:
            return self._items(config, items)
        return None

    def _items(self, config: int, items: ctypes.c_void_p) -> list[Any]:
        found: list[Any] = []
        while (item := self.calls.xlu_cfg_get_listitem2(items, len(found))) is not None:
            text, inner = ctypes.c_char_p(), ctypes.c_void_p()
            if self.calls.xlu_cfg_value_get_string(config, item, ctypes.byref(text), 1) == 0:
                found.append(_text(text))
            else:
                assert self.calls.xlu_cfg_value_get_list(config, item, ctypes.byref(inner), 1) == 0
                found.append(self._items(config, inner))
        return found

    def disk(self, item: str) -> dict[str, Any] | None:
        """What xl makes of one item of `disk`; None where it refuses it."""
        with self._config() as config:
            disk, words = Disk(), (ctypes.c_char_p * 1)(item.encode())
            if self.calls.xlu_disk_parse(config, 1, words, ctypes.byref(disk)) != 0:
                return None
            return {
                "path": (disk.path or b"").decode(),
                "vdev": (disk.vdev or b"").decode(),
                "backend": BACKENDS[disk.backend],
                "format": FORMATS[disk.format],
                "script": disk.script.decode() if disk.script else None,
                "writable": bool(disk.writable),
                "cdrom": bool(disk.cdrom),
            }

    def takes_pci(self, item: str) -> bool:
        """Whether xl takes one item of `pci`."""
        with self._config() as config:
            device = ctypes.create_string_buffer(4096)
            return bool(self.calls.xlu_pci_parse_spec_string(config, device, item.encode()) == 0)


def _text(value: ctypes.c_char_p) -> str:
    return (value.value or b"").decode(errors="surrogateescape")


def _library() -> Library | None:
    for version in ("4.17", "4.20"):
        try:
            return Library(f"libxlutil.so.{version}")
        except OSError:
            continue
    return None


LIBRARY = _library()
needs_library = pytest.mark.skipif(LIBRARY is None, reason="Xen's library libxlutil (libxenmisc4.17) is not here")
