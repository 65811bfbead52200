"""What holds for all tests."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

with suppress(ImportError):  # a Xen host of the lab runs tests that need none of it
    from hypothesis import settings

    # The same examples everywhere, and no test is told to be slow on a machine that is busy.
    settings.register_profile("check", deadline=None, derandomize=True, database=None)
    settings.load_profile("check")


def pytest_configure() -> None:
    """A shell that runs the tests in the background has them ignore Ctrl-C, and so would the programs they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """A live test that fails tells what its host and its guests have said at last."""
    report = yield
    host = getattr(item, "funcargs", {}).get("host")
    if report.failed and hasattr(host, "last_words"):
        report.sections.append(("last words of the host", host.last_words()))
    return report
