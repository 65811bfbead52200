"""Logging in with a password or through an issuer, and the tokens that stand for logins and for programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import Field
from starlette.requests import HTTPConnection
from starlette.responses import Response

from xenia.api.answers import CallerAnswer, TokenList, WaysToLogIn, json_response
from xenia.api.bodies import Body, Text
from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf, address_of, note_asker
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.caller import Role
from xenia.model.errors import conflict
from xenia.model.handover import GivenHandover
from xenia.model.issuer import BegunLogin
from xenia.model.login_link import GivenLink
from xenia.model.security_key import KeyWanted
from xenia.model.token import GivenToken, ShownToken

front = Routes("logins")
"""What is asked by somebody whom nobody knows yet."""

router = Routes("logins")


class LoginBody(Body):
    user: Annotated[Text, Field(max_length=256, description="a user of the host")]
    password: Annotated[Text, Field(max_length=1024, description="their password")]
    label: Annotated[Text, Field(max_length=200, description="what this login is shown as")] = ""
    code: Annotated[
        Text, Field(max_length=256, description="one of an administrator's, in the place of a security key")
    ] = ""


class ProofBody(Body):
    secret: Annotated[Text, Field(max_length=256, description="that of the login that was begun")]
    answer: Annotated[
        dict[str, Any], Field(description="what the security key has answered: PublicKeyCredential.toJSON()")
    ]


class LinkBody(Body):
    secret: Annotated[Text, Field(max_length=256, description="the fragment of the link")]


class HandoverBody(Body):
    challenge: Annotated[
        Text, Field(max_length=64, description="the SHA-256 of what xm alone knows, its verifier, in base64url")
    ]


class RedeemBody(Body):
    code: Annotated[Text, Field(max_length=256, description="what the browser was given")]
    verifier: Annotated[Text, Field(max_length=256, description="what the challenge is the digest of")]
    label: Annotated[Text, Field(max_length=200, description="what this login is shown as")] = ""


class FinishOidcBody(Body):
    secret: Annotated[Text, Field(max_length=256, description="that of the login that was begun")]
    state: Annotated[Text, Field(max_length=256, description="as the issuer has sent it back")]
    code: Annotated[Text, Field(max_length=4096, description="what the issuer has sent along")]
    label: Annotated[Text, Field(max_length=200, description="what this login is shown as")] = ""


class TokenBody(Body):
    label: Annotated[Text, Field(max_length=200, description="what it is for")]
    role: Annotated[
        Literal["viewer", "operator", "administrator"] | None,
        Field(description="who has it may do no more than this; nothing: what you may"),
    ] = None
    days: Annotated[int, Field(description="how long it is good for")] = 90


@front.post("/login", summary="Log in with a password", responses=answers(KeyWanted, 202) | answers(GivenToken, 201))
async def log_in(connection: HTTPConnection, doors: DoorsOf, body: LoginBody) -> Response:
    """The secret is to be sent with each request, as `Authorization: Bearer SECRET`. It is told this once. Where a
    security key is wanted (202), its answer to the challenge gives the token: `POST /v1/login/security-key`.
    """
    note_asker(connection, body.user)
    address = address_of(connection)
    given = await doors.second_factor.log_in(body.user, body.password, address, body.label, body.code)
    return json_response(to_plain(given), 202 if isinstance(given, KeyWanted) else 201)


@front.post("/login/security-key", summary="Log in with a security key", responses=answers(GivenToken, 201))
async def prove(connection: HTTPConnection, doors: DoorsOf, body: ProofBody) -> Response:
    """After the password. Each challenge is used up by the first answer."""
    address = address_of(connection)
    note_asker(connection, doors.second_factor.user_of(body.secret))
    return json_response(to_plain(await doors.second_factor.prove(body.secret, body.answer, address)), 201)


@front.post("/login/link", summary="Log in with a link that was made on the host", responses=answers(GivenToken, 201))
async def follow_link(connection: HTTPConnection, doors: DoorsOf, body: LinkBody) -> Response:
    """Each is good once."""
    given = await doors.login_links.follow(body.secret, address_of(connection))
    note_asker(connection, given.token.user)
    return json_response(to_plain(given), 201)


@router.post("/login-links", summary="Make a link that logs you in, once", responses=answers(GivenLink, 201))
async def give_link(doors: DoorsOf, caller: CallerOf) -> Response:
    """Asked on the host itself alone. It is good for five minutes, in a browser that reaches xenia-web."""
    return json_response(to_plain(await doors.login_links.give(caller)), 201)


@front.post("/login/handover", summary="Log in with what a browser hands over", responses=answers(GivenToken, 201))
async def redeem(connection: HTTPConnection, doors: DoorsOf, body: RedeemBody) -> Response:
    """For xm, which had a browser log in. Each code is good once; the login ends when that of the browser would."""
    note_asker(connection, doors.handovers.user_of(body.code))
    given = await doors.handovers.redeem(body.code, body.verifier, address_of(connection), body.label)
    return json_response(to_plain(given), 201)


@router.post("/login-handovers", summary="Hand your login over to xm", responses=answers(GivenHandover, 201))
async def hand_over(doors: DoorsOf, caller: CallerOf, body: HandoverBody) -> Response:
    """For who has logged in, after they were asked. It is good for two minutes, for the xm that made the challenge."""
    return json_response(to_plain(doors.handovers.give(caller, body.challenge)), 201)


@front.get("/login", summary="How one can log in", responses=answers(WaysToLogIn))
async def ways(doors: DoorsOf) -> Response:
    return json_response(to_plain(WaysToLogIn(True, doors.through_issuer.offered)))


@front.post("/login/oidc", summary="Begin a login through the issuer", responses=answers(BegunLogin, 201))
async def begin_oidc(connection: HTTPConnection, doors: DoorsOf) -> Response:
    """A browser goes to `url`, and comes back to xenia-web at `/login/oidc/back` with what finishes the login. In
    browsers `GET /login/oidc` of xenia-web does both.
    """
    return json_response(to_plain(await doors.through_issuer.begin(address_of(connection))), 201)


@front.post("/login/oidc/finish", summary="Finish a login through the issuer", responses=answers(GivenToken, 201))
async def finish_oidc(connection: HTTPConnection, doors: DoorsOf, body: FinishOidcBody) -> Response:
    """As a login with a password. Each that was begun can be finished once."""
    address = address_of(connection)
    identity = await doors.through_issuer.identify(body.secret, body.state, body.code, address)
    note_asker(connection, identity.user)
    return json_response(to_plain(await doors.through_issuer.admit(identity, address, body.label)), 201)


@router.post("/logout", summary="End the login that this request comes with", responses=answers(ShownToken))
async def log_out(doors: DoorsOf, caller: CallerOf) -> Response:
    if not caller.token:
        raise conflict("this request comes with no login", "on the host itself nobody logs in")
    return json_response(to_plain(await doors.logins.revoke(caller, caller.token)))


@router.get("/me", summary="Who asks", responses=answers(CallerAnswer))
async def me(caller: CallerOf) -> Response:
    plain = {"name": caller.name, "role": caller.role.name.lower(), "address": caller.address, "token": caller.token}
    return json_response(plain | {"grants": list(map(str, caller.grants)), "by": caller.by})


@router.get("/tokens", summary="Your logins and tokens; everybody's for administrators", responses=answers(TokenList))
async def tokens(doors: DoorsOf, caller: CallerOf) -> Response:
    return json_response(to_plain(TokenList(tuple(doors.logins.shown(caller)), doors.logins.refusal(caller))))


@router.post("/tokens", summary="Make a token for a program", responses=answers(GivenToken, 201))
async def give(doors: DoorsOf, caller: CallerOf, body: TokenBody) -> Response:
    """It stands for you. The secret is told this once."""
    role = Role[body.role.upper()] if body.role else None
    return json_response(to_plain(await doors.logins.give(caller, body.label, role, body.days)), 201)


@router.delete("/tokens/{token}", summary="End a login or a token", responses=answers(ShownToken))
async def revoke(
    doors: DoorsOf, caller: CallerOf, token: Annotated[str, Path(max_length=64, description="its id")]
) -> Response:
    return json_response(to_plain(await doors.logins.revoke(caller, token)))
