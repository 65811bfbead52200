"""Logins put together: PAM, the users of the host, the store, and the settings that say who may come in."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from xenia.daemon.passwords import Passwords
from xenia.lib.files import Files
from xenia.lib.users import groups_of, own_name
from xenia.manager.logins.attempts import Attempts
from xenia.manager.logins.logins import FREE_BY_ADDRESS, FREE_BY_USER, Logins
from xenia.manager.logins.people import Admitted, People
from xenia.model.grant import read_grant
from xenia.settings.settings import Settings
from xenia.store.tokens import Tokens


@dataclass(slots=True)
class Admission:
    """What decides who comes in; `follow` the settings when they change."""

    settings: Settings
    people: People = field(init=False)

    def __post_init__(self) -> None:
        self.people = People(_admitted(self.settings), groups_of, own_name() if os.geteuid() else None, time.monotonic)

    def follow(self, settings: Settings) -> None:
        self.settings = settings
        self.people.admitted = _admitted(settings)

    async def open(self, files: Files) -> Logins:
        """The logins, with the tokens that there are."""
        tokens = Tokens(files)
        await tokens.load()
        return Logins(
            tokens,
            self.people,
            Attempts(time.monotonic, FREE_BY_ADDRESS),
            Attempts(time.monotonic, FREE_BY_USER),
            Passwords(self.settings.web_pam_service).check,
            time.time,
            lambda: self.settings.web_session_hours,
        )


def _admitted(settings: Settings) -> Admitted:
    return Admitted(
        settings.web_administrators,
        settings.web_operators,
        settings.web_viewers,
        tuple(map(read_grant, settings.web_grants)),
    )
