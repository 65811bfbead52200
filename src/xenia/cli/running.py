"""The configuration of a domain that runs, for the commands that list its devices."""

from __future__ import annotations

from xenia.client.domains import domain_path
from xenia.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from xenia.cli.command import Context


def running(context: Context, ref: str, devices: str, *, query: str = "") -> dict[str, Any]:
    """The answer of `GET /domains/REF`, with a `config`. `devices` says what is wanted of it.

    Raises ClientError for a domain that has none: one that does not run, or the host itself.
    """
    answer: dict[str, Any] = context.client.get(f"{domain_path(ref)}{query}")
    if answer["config"] is not None:
        return answer
    name, domid = answer["domain"]["name"], answer["domain"]["domid"]
    if domid is None:
        message, hint = f"domain '{name}' is not running and has no {devices}", f"xm config show {name} tells its file"
        raise ClientError(message, kind="conflict", hint=hint)
    raise ClientError(f"domain '{name}' is the host itself and has no {devices}", kind="conflict")
