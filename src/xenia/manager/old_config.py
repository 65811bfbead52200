"""Importing xend-config.sxp, the settings of xend of old."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from xenia.lib.regular import read_regular
from xenia.lib.text import decode
from xenia.manager.settings_edit import SettingsEditor
from xenia.model.caller import Caller
from xenia.model.complaint import Severity
from xenia.model.errors import GuestFileError
from xenia.model.old_config import Imported, OldConfig
from xenia.settings.old_config import Translation, translate
from xenia.settings.settings import MASKED, SETTINGS
from xenia.store.old_config import Mark, OldConfigMark
from xenia.sxp.read import LIMIT

log = logging.getLogger(__name__)

_OF_THE_REGISTRY = "univention-config-registry"
"""Stands in the heading of every file that the registry makes."""
_HEADING_LINES = 20
_NOT_TAKEN = "the Univention registry has made this file, and xend reads the registry itself: nothing is changed"
_SECRET = re.compile(
    rf"^(\s*(?:{'|'.join(row.name for row in SETTINGS.values() if row.secret)})\s*=\s*)(?!\"\"$).*", re.MULTILINE
)


@dataclass(slots=True)
class OldConfigImport:
    """`path` is where xend of old had its settings; `read` reads such a text, in the worker."""

    path: Path
    read: Callable[[str, str], Awaitable[OldConfig]]
    editor: SettingsEditor
    mark: OldConfigMark

    async def look(self) -> None:
        """Say, once, that there are settings of old that nobody has imported."""
        mark = await self.mark.read()
        if mark is Mark.IMPORTED:
            return
        try:
            text = decode(read_regular(self.path, LIMIT))
        except OSError:
            return
        if _made_by_registry(text):
            return
        said = f"{self.path} has settings of xend of old: xm config import-xend shows what they become"
        self.editor.keeper.hint = said
        if mark is None:
            log.warning("%s", said)
            try:
                await self.mark.write(Mark.SAID)
            except OSError as error:
                log.error("%s cannot be written: %s", error.filename, error.strerror)

    async def imported(self, text: str, file: str, caller: Caller, *, write: bool) -> Imported:
        """What the settings in `text` become, and with `write` the change of xend.toml. What xend.toml says already
        stays. Raises GuestFileError with the places of what cannot be read, and as `SettingsEditor.change`.
        """
        self.editor.require(caller)
        config = await self.read(text, file)
        errors = tuple(each for each in config.complaints if each.severity is Severity.ERROR)
        if errors:
            raise GuestFileError(f"{file or 'the file'} cannot be read", errors)
        done = translate(config)
        notes = self._reduce(done, text)
        old, new = self.editor.preview(done.changes)
        if write:
            if done.changes:
                notes += (await self.editor.change(done.changes, caller)).notes
            await self.mark.write(Mark.IMPORTED)
            self.editor.keeper.hint = ""
        return Imported(tuple(done.settings), config.complaints, self._diff(old, new), write, notes)

    def _reduce(self, done: Translation, text: str) -> tuple[str, ...]:
        """Take out what is not to be changed; why, in words."""
        if _made_by_registry(text):
            done.changes.clear()
            return (_NOT_TAKEN,)
        notes = []
        for name, given in self.editor.given().items():
            if name in done.changes:
                row = SETTINGS[name]
                if row.kind.of_text(done.changes[name]) != given.value:
                    notes.append(f"{name} stays {row.said(given.value)}: {given.origin.place} says so")
                del done.changes[name]
        return tuple(notes)

    def _diff(self, old: str, new: str) -> str:
        path = str(self.editor.path)
        before, after = (_SECRET.sub(rf"\1{MASKED}", text).splitlines() for text in (old, new))
        return "\n".join(difflib.unified_diff(before, after, path, path, lineterm=""))


def _made_by_registry(text: str) -> bool:
    return any(_OF_THE_REGISTRY in line for line in text.split("\n", _HEADING_LINES)[:_HEADING_LINES])
