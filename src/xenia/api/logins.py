"""Logging in with a user's password, and the tokens that stand for logins and for programs."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field
from starlette.requests import HTTPConnection
from starlette.responses import Response

from xenia.api.answers import CallerAnswer, TokenList, json_response
from xenia.api.bodies import Body, Text
from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf, address_of, note_asker
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.caller import Role
from xenia.model.errors import conflict
from xenia.model.token import GivenToken, ShownToken

front = Routes("logins")
"""What is asked by somebody whom nobody knows yet."""

router = Routes("logins")


class LoginBody(Body):
    user: Annotated[Text, Field(max_length=256, description="a user of the host")]
    password: Annotated[Text, Field(max_length=1024, description="their password")]
    label: Annotated[Text, Field(max_length=200, description="what this login is shown as")] = ""


class TokenBody(Body):
    label: Annotated[Text, Field(max_length=200, description="what it is for")]
    role: Annotated[
        Literal["viewer", "operator", "administrator"] | None,
        Field(description="who has it may do no more than this; nothing: what you may"),
    ] = None
    days: Annotated[int, Field(description="how long it is good for")] = 90


@front.post("/login", summary="Log in with a password", responses=answers(GivenToken, 201))
async def log_in(connection: HTTPConnection, doors: DoorsOf, body: LoginBody) -> Response:
    """The secret is to be sent with each request, as `Authorization: Bearer SECRET`. It is told this once."""
    note_asker(connection, body.user)
    given = await doors.logins.log_in(body.user, body.password, address_of(connection), body.label)
    return json_response(to_plain(given), 201)


@router.post("/logout", summary="End the login that this request comes with", responses=answers(ShownToken))
async def log_out(doors: DoorsOf, caller: CallerOf) -> Response:
    if not caller.token:
        raise conflict("this request comes with no login", "on the host itself nobody logs in")
    return json_response(to_plain(await doors.logins.revoke(caller, caller.token)))


@router.get("/me", summary="Who asks", responses=answers(CallerAnswer))
async def me(caller: CallerOf) -> Response:
    plain = {"name": caller.name, "role": caller.role.name.lower(), "address": caller.address, "token": caller.token}
    return json_response(plain | {"grants": list(map(str, caller.grants))})


@router.get("/tokens", summary="Your logins and tokens; everybody's for administrators", responses=answers(TokenList))
async def tokens(doors: DoorsOf, caller: CallerOf) -> Response:
    return json_response({"tokens": to_plain(doors.logins.shown(caller))})


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
