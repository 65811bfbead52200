"""The process that asks PAM for one password: reads service, user and password as JSON, and ends with 0 where they are
right and the account may be used, 1 where not. What PAM says of it goes to stderr.
"""

from __future__ import annotations

import json
import sys

import pam


def main() -> int:
    asked = json.load(sys.stdin)
    authenticator = pam.PamAuthenticator()
    right = authenticator.authenticate(asked["user"], asked["password"], service=asked["service"])
    print(authenticator.reason, file=sys.stderr)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
