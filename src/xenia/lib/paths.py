"""Where xend keeps everything below its root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xenia.lib import web


@dataclass(frozen=True, slots=True)
class Paths:
    """All of them lie below `root`, an absolute path: `/` on a host, any folder for a xend of one's own."""

    root: Path

    @property
    def guest_files(self) -> Path:
        return self.root / "etc/xen"

    @property
    def settings(self) -> Path:
        return self.root / "etc/xen/xend.toml"

    @property
    def old_settings(self) -> Path:
        """Where xend of old had its settings."""
        return self.root / "etc/xen/xend-config.sxp"

    @property
    def registry(self) -> Path:
        """A file in the form of the Univention registry, for a host that has none."""
        return self.root / "etc/xen/ucr.conf"

    @property
    def images(self) -> Path:
        return self.root / "var/lib/xen"

    @property
    def cores(self) -> Path:
        return self.root / "var/lib/xen/dump"

    @property
    def state(self) -> Path:
        return self.root / "var/lib/xenia"

    @property
    def database(self) -> Path:
        return self.root / "var/lib/xenia/xenia.db"

    @property
    def logs(self) -> Path:
        return self.root / "var/log/xenia"

    @property
    def log(self) -> Path:
        return self.root / "var/log/xenia/xend.log"

    @property
    def audit(self) -> Path:
        """Who did what."""
        return self.root / "var/log/xenia/audit.log"

    @property
    def run(self) -> Path:
        return self.root / "run/xenia"

    @property
    def socket(self) -> Path:
        return self.root / "run/xenia/xend.sock"

    @property
    def web_socket(self) -> Path:
        """Where xenia-web speaks to xend."""
        return self.root / "run/xenia" / web.SOCKET

    @property
    def web(self) -> Path:
        """What xenia-web keeps: its certificate."""
        return self.root / "var/lib/xenia/web"

    @property
    def web_lock(self) -> Path:
        return self.root / "run/xenia/web.lock"

    @property
    def web_place(self) -> Path:
        """Where the xenia-web that holds the lock is reached, as it says."""
        return self.root / "run/xenia/web.url"

    @property
    def web_log(self) -> Path:
        return self.root / "var/log/xenia/web.log"

    @property
    def lock(self) -> Path:
        return self.root / "run/xenia/xend.lock"
