"""Fuzzes one thing for some time. What it finds lies below build/fuzz/NAME; the exit code tells whether it did."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

import atheris
from tests.fuzz import GUIDED_BY

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "data" / "fuzz"
FOUND = ROOT / "build" / "fuzz"


def main() -> None:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("name", choices=sorted(GUIDED_BY))
    parser.add_argument("--seconds", type=int, default=60, help="how long (60)")
    options = parser.parse_args()
    if options.seconds < 1:
        parser.error("--seconds takes a whole number from 1 on")
    with atheris.instrument_imports(include=[*GUIDED_BY[options.name]]):
        target = import_module(f"tests.fuzz.{options.name}")
    work = FOUND / options.name
    (work / "inputs").mkdir(parents=True, exist_ok=True)
    words = work / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.WORDS))
    arguments = [f"-max_total_time={options.seconds}", f"-dict={words}", f"-artifact_prefix={work}/", "-max_len=2000"]
    arguments += [
        "-timeout=5",
        "-rss_limit_mb=512",
        "-verbosity=0",
        "-print_final_stats=1",
        str(work / "inputs"),
        str(KEPT / options.name),
    ]
    atheris.Setup([sys.argv[0], *arguments], target.one)
    atheris.Fuzz()


def _escaped(word: str | bytes) -> str:
    """As libFuzzer's dictionaries want it."""
    content = word.encode() if isinstance(word, str) else word
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in content)


if __name__ == "__main__":
    main()
