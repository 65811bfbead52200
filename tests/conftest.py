"""What holds for all tests."""

import signal

from hypothesis import settings

settings.register_profile("check")
settings.load_profile("check")
"""The same examples everywhere, and no test is told to be slow on a machine that is busy."""


def pytest_configure() -> None:
    """A shell that runs the tests in the background has them ignore Ctrl-C, and so would the programs they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
