"""The process that asks an issuer one thing: reads what as JSON, gives up its rights, asks, and writes the answer.

What it is given is `{task, issuer, authority, hosts, uid}` and, to redeem a code, `{door, client_id, secret, back,
code, verifier, nonce, user_claim, groups_claim}`. What it writes is `{answer}`, `{refused}` or `{unusable}`.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import ssl
import sys
import time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from xenia.daemon.issuer.fetch import Fetch, addresses_of
from xenia.daemon.issuer.id_token import claims_of
from xenia.daemon.issuer.refused import Refused, Unusable
from xenia.daemon.issuer.who import groups_of, user_of
from xenia.lib.sandbox import confine, limit_cpu

_MEMORY_MIB = 512
_CPU_SECONDS = 5.0
_NEEDED_LATER = (
    *("encodings.idna", "encodings.latin_1", "encodings.ascii", "stringprep"),
    *("cryptography.hazmat.backends", "cryptography.hazmat.backends.openssl.backend"),
)
"""What is imported when it is first used, which is too late for a process that sees no files any more."""


def main() -> int:
    wanted = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = {"answer": _do(wanted, _prepared(wanted))}
    except Refused as refused:
        answer = {"refused": str(refused)}
    except Unusable as unusable:
        answer = {"unusable": str(unusable)}
    json.dump(answer, sys.stdout)
    return 0


def _prepared(wanted: dict[str, Any]) -> Fetch:
    """What needs files or rights comes first; then there are none."""
    try:
        tls = ssl.create_default_context(cafile=wanted["authority"] or None)
    except OSError as error:
        raise Unusable(f"oidc.authority, {wanted['authority']}, cannot be used: {error.strerror or error}") from error
    addresses = addresses_of([urlsplit(wanted["issuer"]).hostname or "", *wanted["hosts"]])
    for name in _NEEDED_LATER:
        importlib.import_module(name)
    confine(memory_mib=_MEMORY_MIB, uid=wanted["uid"], parent=os.getppid(), network=True)
    limit_cpu(_CPU_SECONDS)
    return Fetch(addresses, tls)


def _do(wanted: dict[str, Any], fetch: Fetch) -> dict[str, Any]:
    if wanted["task"] == "discover":
        return _discover(wanted["issuer"], fetch)
    return _redeem(wanted, fetch)


def _discover(issuer: str, fetch: Fetch) -> dict[str, Any]:
    """What the issuer says of itself (OpenID Connect Discovery 1.0), as far as it is needed."""
    url = issuer.rstrip("/") + "/.well-known/openid-configuration"
    found = fetch.get(url)
    if found.get("issuer") != issuer:
        raise Unusable(f"{url} is that of the issuer {found.get('issuer')!r:.200}: oidc.issuer has to be just that")
    places = {name: fetch.check(found.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    methods = found.get("token_endpoint_auth_methods_supported")
    posts = isinstance(methods, list) and "client_secret_post" in methods and "client_secret_basic" not in methods
    return {**places, "posts_secret": posts}


def _redeem(wanted: dict[str, Any], fetch: Fetch) -> dict[str, Any]:
    door, client_id, secret = wanted["door"], wanted["client_id"], wanted["secret"]
    form = {
        "grant_type": "authorization_code",
        "code": wanted["code"],
        "redirect_uri": wanted["back"],
        "code_verifier": wanted["verifier"],
    }
    headers = {}
    if secret and not door["posts_secret"]:
        pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": client_id} | ({"client_secret": secret} if secret else {})
    status, given = fetch.post(door["token_endpoint"], urlencode(form), headers)
    if status != 200:
        error = given.get("error")
        if error == "invalid_grant":
            raise Refused("the issuer does not know the code: invalid_grant")
        raise Unusable(f"{door['token_endpoint']} answers with status {status}: {error!r:.100}")
    keys = fetch.get(door["jwks_uri"])
    try:
        claims = claims_of(given.get("id_token"), keys, wanted["issuer"], client_id, wanted["nonce"], time.time())
    except Refused as refused:
        raise Refused(f"the issuer's word (id_token) does not hold: {refused}") from refused
    return {"user": user_of(claims, wanted["user_claim"]), "groups": list(groups_of(claims, wanted["groups_claim"]))}


if __name__ == "__main__":
    sys.exit(main())
