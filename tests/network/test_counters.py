"""The counters of interfaces, as the guest behind them sees them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from xenia.model.stats import VifStats
from xenia.network.counters import read_counters, stats_of_vifs

DEVICES = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
vif3.0: 4000 40 0 4 0 0 0 0 9000 90 0 9 0 0 0 0
vif3.0-emu: 1 1 0 0 0 0 0 0 2 2 0 0 0 0 0 0
  a:b: 5 5 0 0 0 0 0 0 6 6 0 0 0 0 0 0
"""  # noqa: E501


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    path = tmp_path / "dev"
    path.write_text(DEVICES)
    return path


def test_what_the_host_receives_the_guest_has_sent(devices: Path) -> None:
    counters = read_counters(devices)
    assert stats_of_vifs({0: "vif3.0"}, counters) == (VifStats(0, "vif3.0", 9000, 4000, 90, 40, 9, 4),)
    assert stats_of_vifs({0: "a:b"}, counters)[0].rx_bytes == 6, "an old name may have a colon"


def test_cards_that_nobody_counts_are_left_out_and_the_others_keep_their_numbers(devices: Path) -> None:
    (found,) = stats_of_vifs({0: "user", 1: "", 5: "vif3.0"}, read_counters(devices))
    assert (found.number, found.interface) == (5, "vif3.0")


def test_the_emulated_card_counts_to_the_one_that_it_stands_in_for(devices: Path) -> None:
    (found,) = stats_of_vifs({0: "vif3.0"}, read_counters(devices), beside="-emu")
    assert (found.rx_bytes, found.tx_packets) == (9002, 41)


def test_a_kernel_without_such_a_file_counts_nothing(tmp_path: Path) -> None:
    assert read_counters(tmp_path / "dev") == {}


def test_the_kernels_own_table_is_read(ip: Callable[..., str]) -> None:
    ip("link", "add", "vif9.0", "type", "bridge")
    (found,) = stats_of_vifs({0: "vif9.0"}, read_counters(Path("/proc/thread-self/net/dev")))
    assert (found.rx_bytes, found.tx_bytes) == (0, 0)
