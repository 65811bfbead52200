"""The small Xen-API: what programs of today ask of a host that speaks it (fence_xenapi, the module XenAPI), as XML-RPC.

The whole of it (xapi-project.github.io/xen-api) is far larger. A session is a login as any other, and its reference
the secret of that; xend decides what it may do.
"""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from xenia.gateway.xen_api_vm import LISTS, READS, REF, Failure, Row, find, identity, power, reference

_NO_KEY = "a security key is wanted, which only a browser can ask for"

Ask = Callable[[str, str, Any, str], Awaitable[tuple[int, Any]]]
"""(method, path, body, secret) → status and content of xend's answer. Raises XeniaError where it does not answer."""

_WAIT = "?wait=120"
_OPERATIONS: dict[str, tuple[str, dict[str, bool]]] = {
    "VM.clean_shutdown": ("shutdown", {"until_gone": True}),
    "VM.hard_shutdown": ("destroy", {}),
    "VM.clean_reboot": ("reboot", {"until_gone": True}),
    "VM.hard_reboot": ("reset", {}),
    "VM.pause": ("pause", {}),
    "VM.unpause": ("unpause", {}),
}


@dataclass(frozen=True, slots=True)
class XenApi:
    """The calls of one visitor."""

    ask: Ask

    async def answer(self, content: bytes) -> bytes:
        """What an XML-RPC request is answered with, whatever it is. Raises as `ask`."""
        try:
            method, parameters = _call_of(content)
            told: Any = {"Status": "Success", "Value": await self._call(method, parameters)}
        except Failure as failure:
            told = {"Status": "Failure", "ErrorDescription": list(failure.description)}
        return xmlrpc.client.dumps((told,), methodresponse=True).encode()

    async def _call(self, method: str, parameters: Sequence[Any]) -> Any:
        if method == "session.login_with_password":
            user, password = _texts(method, parameters, 2)
            return await self._log_in(user, password)
        (session,) = _texts(method, parameters, 1)
        secret, arguments = session.removeprefix(REF), parameters[1:]
        if method == "session.logout":
            await self._asked("POST", "/v1/logout", {}, secret)
        elif method in LISTS:
            return LISTS[method](await self._domains(secret))
        elif method in READS:
            (word,) = _texts(method, arguments, 1)
            return READS[method](await self._domains(secret), word)
        elif method == "VM.start":
            await self._start(arguments, secret)
        elif method in _OPERATIONS:
            await self._operate(method, arguments, secret)
        else:
            raise Failure("MESSAGE_METHOD_UNKNOWN", method)
        return ""

    async def _log_in(self, user: str, password: str) -> str:
        body = {"user": user, "password": password, "label": "Xen-API"}
        status, told = await self.ask("POST", "/v1/login", body, "")
        if status != 201:
            raise Failure("SESSION_AUTHENTICATION_FAILED", user, str(told.get("detail", _NO_KEY)))
        return REF + str(told["secret"])

    async def _domains(self, secret: str) -> list[Row]:
        domains: list[Row] = (await self._asked("GET", "/v1/domains?all=true", None, secret))["domains"]
        return domains

    async def _start(self, arguments: Sequence[Any], secret: str) -> None:
        (ref,) = _texts("VM.start", arguments, 1)
        domain = find(await self._domains(secret), ref)
        if power(domain) != "Halted":
            raise Failure("VM_BAD_POWER_STATE", ref, "Halted", power(domain))
        paused = len(arguments) > 1 and arguments[1] is True
        await self._job(f"/v1/domains/{quote(domain['name'], safe='')}/start", {"paused": paused}, secret, domain)

    async def _operate(self, method: str, arguments: Sequence[Any], secret: str) -> None:
        (ref,) = _texts(method, arguments, 1)
        domain = find(await self._domains(secret), ref)
        if power(domain) == "Halted":
            raise Failure("VM_BAD_POWER_STATE", ref, "Running", "Halted")
        operation, body = _OPERATIONS[method]
        await self._job(f"/v1/domains/{quote(identity(domain), safe='')}/{operation}", body, secret, domain)

    async def _job(self, path: str, body: Any, secret: str, domain: Row) -> None:
        """Until it is done. Raises Failure where it fails, or has not ended in time."""
        job = (await self._asked("POST", path + _WAIT, body, secret, domain))["job"]
        if job["state"] == "failed":
            raise Failure("INTERNAL_ERROR", str((job["error"] or {}).get("detail", "it failed")))
        if job["state"] != "done":
            raise Failure("OPERATION_TIMED_OUT", f"job {job['id']} goes on")

    async def _asked(self, method: str, path: str, body: Any, secret: str, domain: Row | None = None) -> dict[str, Any]:
        status, told = await self.ask(method, path, body, secret)
        if status < 400:
            answer: dict[str, Any] = told
            return answer
        kind, detail = told.get("kind"), str(told.get("detail", ""))
        if kind == "unauthenticated":
            raise Failure("SESSION_INVALID", "")  # never the reference: it is the secret
        if kind == "denied":
            raise Failure("RBAC_PERMISSION_DENIED", path, detail)
        if kind == "conflict" and domain is not None:
            raise Failure("VM_BAD_POWER_STATE", reference(domain), detail, power(domain))
        raise Failure("INTERNAL_ERROR", detail)


def _call_of(content: bytes) -> tuple[str, Sequence[Any]]:
    """Raises Failure for what is no call."""
    if b"<!" in content:  # where the known attacks on readers of XML begin
        raise Failure("INTERNAL_ERROR", "a call has no document type")
    try:
        parameters, method = xmlrpc.client.loads(content)
    except Exception as error:  # the reader has no kind of its own for what it cannot read
        raise Failure("INTERNAL_ERROR", f"this is no XML-RPC: {error}") from None
    if method is None:
        raise Failure("INTERNAL_ERROR", "this is no call of XML-RPC")
    return method, parameters


def _texts(method: str, parameters: Sequence[Any], count: int) -> tuple[str, ...]:
    """The first `count` of them. Raises Failure where they are too few, or others than texts."""
    if len(parameters) < count:
        raise Failure("MESSAGE_PARAMETER_COUNT_MISMATCH", method, str(count), str(len(parameters)))
    if not all(isinstance(each, str) for each in parameters[:count]):
        raise Failure("FIELD_TYPE_ERROR", method)
    return tuple(parameters[:count])
