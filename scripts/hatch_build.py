"""Puts the manual pages into the wheel: they are made from the tables of the programs, and nowhere else kept. The page
for browsers is in it where `scripts/page build` has made it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _date() -> str:
    """Today, or the day of the sources where whoever builds says so (reproducible-builds.org)."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


class ManualPages(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        if not Path(self.root, "src/xenia/page/index.html").is_file():
            self.app.display_warning("this wheel has no page for browsers: scripts/page build makes it")
        sys.path.insert(0, str(Path(self.root, "src")))
        from xenia.reference.manual import pages  # noqa: PLC0415 # it lies in the checkout

        self._folder = tempfile.TemporaryDirectory(prefix="xenia-man-")
        for name, text in pages(_date()).items():
            file = Path(self._folder.name, name)
            file.write_text(text)
            build_data["shared_data"][str(file)] = f"share/man/man{name[-1]}/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        del build_data, artifact_path
        if version != "editable":
            self._folder.cleanup()
