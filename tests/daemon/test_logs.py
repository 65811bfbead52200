"""xend's log is safe to read on a terminal."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xenia.lib.log_lines import (
    JournalFormatter,
    JsonFormatter,
    PrintableFormatter,
    standard_error_formatter,
)


def record(message: str, *arguments: object, level: int = logging.INFO) -> logging.LogRecord:
    """With the exception that is being handled, if there is one."""
    info = sys.exc_info()
    return logging.LogRecord("x", level, __file__, 1, message, arguments, info if info[0] is not None else None)


def formatted(message: str, *arguments: object) -> str:
    return PrintableFormatter("%(levelname)s %(message)s").format(record(message, *arguments))


def test_a_message_is_one_line_without_escapes() -> None:
    assert formatted("guest %s", "\x1b[2J\nINFO forged") == "INFO guest \\x1b[2J\\nINFO forged"


def test_a_traceback_keeps_its_lines_and_loses_escapes() -> None:
    try:
        raise ValueError("\x1b]0;title\x07")
    except ValueError:
        text = formatted("failed")
    assert text.startswith("INFO failed\nTraceback")
    assert text.endswith("ValueError: \\x1b]0;title\\x07")


def test_as_json_each_is_one_object_in_ascii() -> None:
    try:
        raise ValueError("\x1b]0;title\x07")
    except ValueError:
        line = JsonFormatter().format(record("guest %s", "\x1b[2J\nö"))
    assert line.isascii()
    assert line.isprintable()
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"]) == ("info", "x", "guest \x1b[2J\nö")
    assert told["exception"].endswith("ValueError: \x1b]0;title\x07")
    assert told["time"] > 0


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.DEBUG, 7),
        (logging.INFO, 6),
        (logging.WARNING, 4),
        (logging.ERROR, 3),
        (logging.CRITICAL, 2),
    ],
)
def test_the_journal_is_told_the_priority_of_each_line(level: int, priority: int) -> None:
    try:
        raise ValueError("why")
    except ValueError:
        lines = JournalFormatter().format(record("it\nfailed", level=level)).splitlines()
    assert lines[0] == f"<{priority}>x: it\\nfailed"
    assert lines[-1] == f"<{priority}>ValueError: why"
    assert all(line.startswith(f"<{priority}>") for line in lines)


def test_the_journal_is_known_by_the_device_and_inode_of_standard_error(tmp_path: Path) -> None:
    script = (
        "import logging, os; from xenia.lib.log_lines import standard_error_formatter as f;"
        "print(type(f('auto', '%(message)s')).__name__)"
    )
    log = tmp_path / "log"
    log.touch()
    status = log.stat()
    for stream, name in (
        (f"{status.st_dev}:{status.st_ino}", "JournalFormatter"),
        (f"{status.st_dev}:{status.st_ino + 1}", "PrintableFormatter"),
        ("", "PrintableFormatter"),
    ):
        with log.open("wb") as stderr:
            said = subprocess.run(
                [sys.executable, "-c", script],
                check=True,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=os.environ | {"JOURNAL_STREAM": stream},
            )
        assert said.stdout.strip() == name


def test_what_is_wanted_is_taken() -> None:
    assert isinstance(standard_error_formatter("json", ""), JsonFormatter)
    assert isinstance(standard_error_formatter("journal", ""), JournalFormatter)
    assert type(standard_error_formatter("text", "")) is PrintableFormatter
