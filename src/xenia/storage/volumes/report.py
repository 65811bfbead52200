"""What LVM reports of volume groups and what is in them (lvmreport(7)), as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from xenia.model.errors import engine_failed
from xenia.model.volume import ThinPool, Volume, VolumeGroup, VolumeKind

GROUP_FIELDS = ("vg_name", "vg_size", "vg_free", "vg_extent_size")
VOLUME_FIELDS = (
    *("lv_name", "lv_size", "segtype", "pool_lv", "origin", "data_percent", "metadata_percent"),
    *("lv_active", "lv_device_open", "lv_tags", "zero"),
)
MAKING = "xenia.making"
"""The tag of a volume that is not whole yet."""

Row = Mapping[str, str]


def rows(said: str, kind: str) -> list[Row]:
    """The rows of a report of the `kind` lv or vg. Raises engine_failed for what is none."""
    try:
        found: Any = json.loads(said)["report"][0][kind]
        return [{str(key): str(value) for key, value in row.items()} for row in found]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise engine_failed(f"what LVM reports is not understood: {said[:200]!r}") from error


def read_groups(groups: Iterable[Row], volumes: Iterable[Row]) -> tuple[VolumeGroup, ...]:
    """Raises engine_failed."""
    volumes = list(volumes)
    try:
        return tuple(
            VolumeGroup(
                row["vg_name"],
                int(row["vg_size"]),
                int(row["vg_free"]),
                int(row["vg_extent_size"]),
                tuple(_pool(each, volumes) for each in volumes if _is_pool(each, row["vg_name"])),
            )
            for row in groups
        )
    except (ValueError, KeyError) as error:
        raise engine_failed(f"what LVM reports is not understood: {error}") from error


def read_volumes(volumes: Iterable[Row]) -> tuple[Volume, ...]:
    """Those that guests can have. Raises engine_failed."""
    try:
        return tuple(_volume(row) for row in volumes if row["segtype"] not in ("thin-pool", "cache-pool", "vdo-pool"))
    except (ValueError, KeyError) as error:
        raise engine_failed(f"what LVM reports is not understood: {error}") from error


def _is_pool(row: Row, group: str) -> bool:
    return row["segtype"] == "thin-pool" and row["vg_name"] == group


def _pool(row: Row, volumes: Iterable[Row]) -> ThinPool:
    inside = [each for each in volumes if (each["vg_name"], each["pool_lv"]) == (row["vg_name"], row["lv_name"])]
    promised = sum(int(each["lv_size"]) for each in inside)
    data, metadata = (_percent(row[f"{each}_percent"]) or 0.0 for each in ("data", "metadata"))
    return ThinPool(row["lv_name"], int(row["lv_size"]), promised, data, metadata, row["zero"] == "zero")


def _volume(row: Row) -> Volume:
    kind = VolumeKind.THIN if row["segtype"] == "thin" else VolumeKind.THICK
    size, filled = int(row["lv_size"]), _percent(row["data_percent"])
    return Volume(
        row["vg_name"],
        row["lv_name"],
        kind,
        size,
        round(size * (filled or 0.0) / 100) if kind is VolumeKind.THIN else size,
        row["pool_lv"] if kind is VolumeKind.THIN else "",
        row["origin"],
        filled,
        active=row["lv_active"] == "active",
        open=row["lv_device_open"] == "open",
        making=MAKING in row["lv_tags"].split(","),
    )


def _percent(word: str) -> float | None:
    return float(word) if word else None
