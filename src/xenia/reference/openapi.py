"""The OpenAPI document, from which the types of the page are made: `python -m xenia.reference.openapi`."""

from __future__ import annotations

import json
import sys

from xenia.api.app import document
from xenia.lib.version import program_version


def main() -> None:
    json.dump(document(program_version()), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
