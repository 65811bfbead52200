"""The key with which a guest's disk on Ceph is opened.

Ceph keeps the keys of its users in files that only root may read (ceph(8), cephx), and QEMU, which reads the disk, runs
without rights: xend reads the key for it.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONF = "/etc/ceph/ceph.conf"
"""Where librados looks first, where nobody says otherwise."""

_KEYRING = "/etc/ceph/$cluster.$name.keyring,/etc/ceph/$cluster.keyring,/etc/ceph/keyring"
"""The default of Ceph's option `keyring` (Ceph's configuration reference, authentication)."""

_USER = "admin"
_MOST_BYTES = 1 << 20


def key_of(options: Mapping[str, Any]) -> str | None:
    """The key, in base64, for the disk that QEMU's options of rbd describe; None where xend cannot find it, too: then
    it is for QEMU to say what is missing.
    """
    conf, name = Path(options.get("conf", CONF)), f"client.{options.get('user', _USER)}"
    told = {word: value for section in ("global", "client", name) for word, value in _section(conf, section).items()}
    if "key" in told:
        return told["key"]
    values = {"$cluster": conf.stem, "$name": name, "$id": name.partition(".")[2], "$type": "client"}
    paths = told.get("keyring", _KEYRING)
    for word, value in values.items():
        paths = paths.replace(word, value)
    keyring = next((path for path in map(str.strip, paths.split(",")) if os.access(path, os.R_OK)), None)
    return None if keyring is None else _section(Path(keyring), name).get("key")


def _section(path: Path, name: str) -> dict[str, str]:
    """One section of a file of Ceph's; empty where there is none. Words may be written with blanks or underscores."""
    parser = configparser.RawConfigParser(
        strict=False, delimiters="=", inline_comment_prefixes=("#", ";"), allow_no_value=True, default_section=""
    )
    try:
        with path.open() as file:
            parser.read_file(["[global]", *map(str.strip, file.read(_MOST_BYTES).splitlines())])
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    found = parser[name] if parser.has_section(name) else {}
    return {word.replace(" ", "_"): value.strip().strip('"') for word, value in found.items() if value}
