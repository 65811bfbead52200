"""The process that looks at one answer of a security key: reads it as JSON, gives up its rights, and says what it is.

What it is given is `{task, answer, challenge, host, origin, uid}` and, for a key that is known, `{public_key, count}`.
What it writes is `{answer}` or `{refused}`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException

from xenia.lib.sandbox import confine, limit_cpu

_MEMORY_MIB = 512
_CPU_SECONDS = 5.0
_NEEDED_LATER = (
    *("encodings.hex_codec", "encodings.ascii", "encodings.latin_1", "encodings.idna"),
    *("cryptography.hazmat.backends", "cryptography.hazmat.backends.openssl.backend"),
)
"""What is imported when it is first used, which is too late for a process that sees no files any more."""


def main() -> int:
    wanted = json.load(sys.stdin)
    for name in _NEEDED_LATER:
        importlib.import_module(name)
    confine(memory_mib=_MEMORY_MIB, uid=wanted["uid"], parent=os.getppid())
    limit_cpu(_CPU_SECONDS)
    try:
        answer: dict[str, Any] = {"answer": _made(wanted) if wanted["task"] == "made" else _proven(wanted)}
    except WebAuthnException as error:
        answer = {"refused": str(error)}
    except Exception as error:  # what the library does not foresee in a stranger's bytes
        answer = {"refused": f"{type(error).__name__}: {error}"}
    json.dump(answer, sys.stdout)
    return 0


def _made(wanted: dict[str, Any]) -> dict[str, Any]:
    made = verify_registration_response(
        credential=wanted["answer"],
        expected_challenge=base64url_to_bytes(wanted["challenge"]),
        expected_rp_id=wanted["host"],
        expected_origin=wanted["origin"],
    )
    return {
        "credential": bytes_to_base64url(made.credential_id),
        "public_key": bytes_to_base64url(made.credential_public_key),
        "count": made.sign_count,
    }


def _proven(wanted: dict[str, Any]) -> dict[str, Any]:
    proven = verify_authentication_response(
        credential=wanted["answer"],
        expected_challenge=base64url_to_bytes(wanted["challenge"]),
        expected_rp_id=wanted["host"],
        expected_origin=wanted["origin"],
        credential_public_key=base64url_to_bytes(wanted["public_key"]),
        credential_current_sign_count=wanted["count"],
    )
    return {"count": proven.new_sign_count}


if __name__ == "__main__":
    sys.exit(main())
