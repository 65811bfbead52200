"""Compares a folder of guest files with what others read in them; exits 1 when something is wrong."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.agreement.folder import Folder
from tests.agreement.table import as_json, compare_all, lines, markdown

from xenia.lib.text import printable


def main() -> int:
    parser = argparse.ArgumentParser(prog="corpus-agreement", description=__doc__)
    parser.add_argument(
        "folder", type=Path, help="guest files beside values/, xl-values/, xl-disks.json, facts/, xen-expected/"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table and each wrong fact as JSON as well")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table as a page of the documentation")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    folder = Folder(options.folder)
    rows = compare_all(folder)
    for name, reason in folder.left_out.items():
        print(printable(f"not used: {name}: {reason}"), file=sys.stderr)
    if not sum(row.figures[1] for row in rows):
        parser.error(f"{options.folder} has nothing to compare: it is to be laid out like ../shared/corpus")
    for line in lines(rows):
        print(printable(line))
    try:
        if options.json:
            options.json.write_text(json.dumps(as_json(rows), indent=1) + "\n")
        if options.markdown:
            options.markdown.write_text("\n".join(markdown(rows)) + "\n")
    except OSError as error:
        parser.error(f"{error.filename} cannot be written: {error.strerror}")
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
