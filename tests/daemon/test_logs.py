"""xend's log is safe to read on a terminal."""

import logging
import sys

from xenia.lib.log_lines import PrintableFormatter


def formatted(message: str, *arguments: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error is not None else None
    record = logging.LogRecord("x", logging.INFO, __file__, 1, message, arguments, info)
    return PrintableFormatter("%(levelname)s %(message)s").format(record)


def test_a_message_is_one_line_without_escapes() -> None:
    assert formatted("guest %s", "\x1b[2J\nINFO forged") == "INFO guest \\x1b[2J\\nINFO forged"


def test_a_traceback_keeps_its_lines_and_loses_escapes() -> None:
    try:
        raise ValueError("\x1b]0;title\x07")
    except ValueError:
        text = formatted("failed", error=sys.exc_info()[1])
    assert text.startswith("INFO failed\nTraceback")
    assert text.endswith("ValueError: \\x1b]0;title\\x07")
