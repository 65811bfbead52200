"""Security keys: whose there are, new ones, and codes for who has none."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field
from starlette.responses import Response

from xenia.api.answers import SecurityKeyList, json_response
from xenia.api.bodies import Body, Text
from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.security_key import GivenCode, KeyWanted, ShownSecurityKey

router = Routes("logins", prefix="/security-keys")


class NewKeyBody(Body):
    secret: Annotated[Text, Field(max_length=256, description="that of the key that was asked for")]
    label: Annotated[Text, Field(max_length=200, description="which one it is")]
    answer: Annotated[
        dict[str, Any], Field(description="what the security key has answered: PublicKeyCredential.toJSON()")
    ]


class CodeBody(Body):
    user: Annotated[Text, Field(max_length=256, description="a user of the host")]


@router.get("", summary="Your security keys; everybody's for administrators", responses=answers(SecurityKeyList))
async def security_keys(doors: DoorsOf, caller: CallerOf) -> Response:
    keys = doors.second_factor
    shown = SecurityKeyList(tuple(keys.shown(caller)), keys.policy, keys.origin, keys.refusal(caller))
    return json_response(to_plain(shown))


@router.post("/begin", summary="Begin to make a security key yours", responses=answers(KeyWanted, 201))
async def begin(doors: DoorsOf, caller: CallerOf) -> Response:
    """For who has logged in with a password. A browser makes the key: `navigator.credentials.create()`."""
    return json_response(to_plain(doors.second_factor.begin_key(caller)), 201)


@router.post("", summary="Make a security key yours", responses=answers(ShownSecurityKey, 201))
async def add(doors: DoorsOf, caller: CallerOf, body: NewKeyBody) -> Response:
    """From now on it is asked for when you log in."""
    added = await doors.second_factor.add_key(caller, body.secret, body.label, body.answer)
    return json_response(to_plain(added), 201)


@router.delete("/{key}", summary="Remove a security key", responses=answers(ShownSecurityKey))
async def remove(
    doors: DoorsOf, caller: CallerOf, key: Annotated[str, Path(max_length=64, description="its id")]
) -> Response:
    return json_response(to_plain(await doors.second_factor.remove_key(caller, key)))


@router.post("/codes", summary="Make a code for one login without a security key", responses=answers(GivenCode, 201))
async def give_code(doors: DoorsOf, body: CodeBody) -> Response:
    """For who has none yet, or not any more. It is good for a day, along with the password."""
    return json_response(to_plain(doors.second_factor.give_code(body.user)), 201)
