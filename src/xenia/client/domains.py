"""Domains and jobs, as calls."""

from __future__ import annotations

import time

from xenia.client.errors import ClientError, not_found, usage
from xenia.client.http import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from xenia.client.http import Client

LONGEST_WAIT = 30.0
"""Seconds that one request waits for a job. Shorter than any limit on the way; a longer wait asks again."""

_SLACK = 10.0
"""Seconds more than the wait asked for until xend counts as not answering."""


def domain_path(ref: str) -> str:
    """The route of the domain that `ref` (id, name, UUID, unique prefix) names.

    Raises ClientError for words that can be no name.
    """
    if not ref:
        raise usage("the name of a domain may not be empty", "xm list --all shows the names")
    if "/" in ref:
        raise not_found(
            f"there is no domain '{ref}'", "a domain is named by id, name or UUID, not by its file: xm list --all"
        )
    return f"/domains/{quote(ref)}"


def not_running(domain: dict[str, Any]) -> ClientError:
    """The error for a domain, as the API shows it, that only is defined."""
    return ClientError(
        f"domain '{domain['name']}' is not running",
        kind="conflict",
        hint=f"start it first: xm create {domain['file'] or domain['name']}",
    )


def submit(
    client: Client, path: str, body: dict[str, Any], *, wait: float = LONGEST_WAIT, method: str = "post"
) -> dict[str, Any]:
    """Ask for a long action and return its job as it is after at most `wait` seconds. `method` is that of the client.

    Raises ClientError when it is refused or has failed by then.
    """
    where, seconds = f"{path}?wait={wait:g}", wait + _SLACK
    if method == "delete":
        return _checked(client.delete(where, seconds=seconds)["job"])
    ask = client.put if method == "put" else client.post
    return _checked(ask(where, body, seconds=seconds)["job"])


def follow(client: Client, job: dict[str, Any], *, seconds: float | None = None) -> dict[str, Any]:
    """Wait until `job` has ended, at most `seconds`. Raises its error, or timed_out; the job itself runs on then."""
    deadline = None if seconds is None else time.monotonic() + seconds
    while job["state"] == "running":
        wait = LONGEST_WAIT if deadline is None else min(LONGEST_WAIT, deadline - time.monotonic())
        if wait <= 0:
            raise ClientError(
                f"the {job['operation']} of '{job['domain']}' has not ended within {seconds:g} s; it goes on",
                kind="timed_out",
                hint=f"look: xm list {job['domain']}; end it at once: xm destroy {job['domain']}",
            )
        job = _checked(client.get(f"/jobs/{job['id']}?wait={wait:g}", seconds=wait + _SLACK)["job"])
    return job


def _checked(job: dict[str, Any]) -> dict[str, Any]:
    if job["state"] not in ("running", "done"):
        raise ClientError.from_problem(
            job.get("error"), f"the {job['operation']} of '{job['domain']}' was {job['state']}"
        )
    return job
