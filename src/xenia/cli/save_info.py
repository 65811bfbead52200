"""What xm save --info shows."""

from __future__ import annotations

from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def save_text(save: dict[str, Any]) -> str:
    """A save as lines of a word and what it is, without the devices' details."""
    import time

    started, traits = save["started"], dict(save["traits"])
    config = started["config"]
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(save["saved_at"]))
    engine = " ".join(each for each in (started["engine"], traits.get("version"), traits.get("accelerator")) if each)
    rows = [
        ("domain", config["name"]),
        ("uuid", started["uuid"]),
        ("saved", f"{at} on {save['host']}"),
        ("engine", engine),
        ("memory", f"{max(config['memory'], config['max_memory'] or 0)} MiB"),
        ("vcpus", str(config["vcpus"])),
        *(("machine", value) for key, value in started["abi"].items() if key == "machine"),
        *(("disk", f"{disk['target']} {disk['path']}") for disk in save["disks"]),
        *(("card", mac) for mac in started["macs"]),
        ("file", started["definition"]["file"] or "none"),
        ("xenia", save["xenia"]),
        ("checked", "every byte is as it was saved"),
    ]
    return "\n".join(f"{word:<10} {printable(value)}" for word, value in rows)
