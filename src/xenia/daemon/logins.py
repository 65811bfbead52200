"""Logins put together: PAM, the issuer, the users of the host, the store, and the settings that say who may come in."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from xenia.daemon.issuer.ask import Issuers
from xenia.daemon.passwords import Passwords
from xenia.daemon.security_key.ask import Proofs
from xenia.lib.files import Files
from xenia.lib.only_one import is_taken
from xenia.lib.paths import Paths
from xenia.lib.users import groups_of, own_name
from xenia.manager.logins.attempts import Attempts
from xenia.manager.logins.links import LoginLinks
from xenia.manager.logins.logins import FREE_BY_ADDRESS, FREE_BY_USER, Logins
from xenia.manager.logins.people import Admitted, People
from xenia.manager.logins.second_factor import SecondFactor
from xenia.manager.logins.through_issuer import ThroughIssuer
from xenia.model.errors import unavailable
from xenia.model.grant import read_grant
from xenia.model.issuer import Issuer
from xenia.model.security_key import Site
from xenia.settings.settings import Settings
from xenia.store.security_keys import SecurityKeyStore
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

    def through_issuer(self, logins: Logins) -> ThroughIssuer:
        """Logins through the issuer that the settings name at the time."""
        uid = self.settings.login_uid if os.geteuid() == 0 else None
        return ThroughIssuer(logins, lambda: issuer_of(self.settings), Issuers(uid, time.monotonic), time.time)

    async def second_factor(self, logins: Logins, files: Files) -> SecondFactor:
        """Logins with security keys, with those that there are."""
        store = SecurityKeyStore(files)
        await store.load()
        uid = self.settings.login_uid if os.geteuid() == 0 else None
        return SecondFactor(
            logins,
            store,
            Proofs(uid),
            lambda: self.settings.web_second_factor,
            lambda: site_of(self.settings),
            time.time,
        )

    def links(self, logins: Logins, paths: Paths) -> LoginLinks:
        """Links to the xenia-web that runs at the time."""
        return LoginLinks(logins, lambda: self.settings.web_url or _running_web(paths), time.time)

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


def _running_web(paths: Paths) -> str:
    """Raises unavailable where none runs."""
    try:
        if is_taken(paths.web_lock):
            return paths.web_place.read_text().strip()
    except OSError:
        pass  # it has just been started, or ended
    raise unavailable("xenia-web does not run here", "start it beside xend: xenia-web")


def _admitted(settings: Settings) -> Admitted:
    return Admitted(
        settings.web_administrators,
        settings.web_operators,
        settings.web_viewers,
        tuple(map(read_grant, settings.web_grants)),
        settings.oidc_issuer,
    )


def issuer_of(settings: Settings) -> Issuer | None:
    """The issuer of the settings; None where they name none."""
    if not settings.oidc_issuer:
        return None
    return Issuer(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret_file,
        settings.oidc_scopes,
        settings.oidc_user_claim,
        settings.oidc_groups_claim,
        settings.oidc_hosts,
        settings.oidc_authority,
        f"{web_url(settings)}/login/oidc/back",
    )


def web_url(settings: Settings) -> str:
    """Where browsers find xenia-web."""
    return settings.web_url or f"https://{socket.gethostname()}:{settings.web_port}"


def site_of(settings: Settings) -> Site:
    """What security keys are made for. Browsers leave out the port of https."""
    url = web_url(settings).lower()
    return Site(urlsplit(url).hostname or "", url.removesuffix(":443"))
