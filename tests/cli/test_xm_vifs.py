from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import DOMAIN_0, FakeXend, domain, job

VIFS = [
    {"mac": None, "type": "ioemu", "model": "e1000", "bridge": None, "network": "lan", "item": 0},
    {"mac": "00:16:3e:00:00:02", "type": "vif", "model": None, "bridge": None, "network": None, "item": 2},
]
MACS = ["00:16:3e:00:00:01", "00:16:3e:00:00:02"]


def shown(cards: list[dict[str, Any]] | None, macs: list[str], **others: Any) -> dict[str, Any]:
    config = None if cards is None else {"vifs": cards}
    addresses = [{"vif": 0, "ip": ip, "source": "lease"} for ip in ("192.0.2.7", "2001:db8::7")]
    row = domain(addresses=addresses, **others)
    return {"domain": row, "config": config, "macs": macs, "bridges": ["br-lan", None]}


def test_each_card_has_a_line_and_no_cell_is_empty(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web"] = shown(VIFS, MACS, vifs=["vif3.0", "user"])
    assert xm("network-list", "web") == 0
    assert capsys.readouterr().out == (
        "Idx  MAC                Type   Model  Bridge  Interface  Addresses\n"
        "0    00:16:3e:00:00:01  ioemu  e1000  br-lan  vif3.0     192.0.2.7,2001:db8::7\n"
        "2    00:16:3e:00:00:02  vif    -      -       user       -\n"
    )
    assert xend.requests[0][1] == "/domains/web?interfaces=true"


COUNTED = {
    "number": 0,
    "interface": "vif3.0",
    "rx_bytes": 1500,
    "rx_packets": 3,
    "rx_dropped": 1,
    "tx_bytes": 60,
    "tx_packets": 1,
    "tx_dropped": 0,
}
STATS = {"domains": [{"domain": domain(), "stats": {"vifs": [COUNTED]}}]}


def test_the_wide_table_counts_what_has_passed(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web"] = shown(VIFS, MACS, vifs=["vif3.0", "user"])
    xend.routes["GET /domains/web/stats"] = STATS
    assert xm("network-list", "-o", "wide", "web") == 0
    header, first, second = (line.split() for line in capsys.readouterr().out.splitlines())
    assert header[7:] == ["RxBytes", "RxPackets", "RxDropped", "TxBytes", "TxPackets", "TxDropped"]
    assert first[7:] == ["1500", "3", "1", "60", "1", "0"]
    assert second[7:] == ["-"] * 6


@pytest.mark.parametrize("macs", [[], MACS])
def test_what_the_engine_does_not_tell_is_left_open(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], macs: list[str]
) -> None:
    xend.routes["GET /domains/web"] = shown(VIFS, macs, vifs=[])
    xend.routes["GET /domains/web/stats"] = STATS
    assert xm("network-list", "-o", "json", "web") == 0
    cards = json.loads(capsys.readouterr().out)
    assert [card["interface"] for card in cards] == [None, None]
    assert [card["mac"] for card in cards] == [macs[0] if macs else None, MACS[1]]


def test_a_domain_without_cards_has_the_heading_alone(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /domains/web"] = shown([], [])
    assert xm("network-list", "web") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [(shown(None, [], domid=None), "is not running"), ({**shown(None, []), "domain": DOMAIN_0}, "is the host itself")],
)
def test_what_does_not_run_has_no_cards(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], answer: dict[str, Any], words: str
) -> None:
    xend.routes["GET /domains/web"] = answer
    assert xm("network-list", "web") == 5
    assert words in capsys.readouterr().err


def test_cards_are_plugged_in_and_unplugged_without_a_word(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    result = {"vif": VIFS[1], "file": "", "notes": ["mind"]}
    xend.routes["POST /domains/web/network-attach?wait=30"] = {"job": job(result=result)}
    xend.routes["POST /domains/web/network-detach?wait=30"] = {"job": job(result={**result, "notes": []})}
    for words, spec in ((("bridge=lan", "mac=00:16:3e:00:00:02"), "bridge=lan,mac=00:16:3e:00:00:02"), ((), "")):
        assert xm("network-attach", "web", *words) == 0
        assert xend.requests[-1][2] == {"spec": spec, "scope": "both", "until_taken": True}
    assert xm("network-detach", "web", "2") == 0
    assert xend.requests[-1][2] == {"card": "2", "scope": "both"}
    assert capsys.readouterr() == ("", "xm: mind\nxm: mind\n")


def test_a_link_is_put_up_and_down(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"vif": VIFS[1], "file": "/etc/xen/web.cfg", "notes": []}
    xend.routes["POST /domains/web/network-configure?wait=30"] = {"job": job(result=result)}
    assert xm("network-configure", "web", "0", "link=down") == 0
    assert capsys.readouterr().out == "/etc/xen/web.cfg says so now, for the next start\n"
    assert xend.requests[-1][2] == {"card": "0", "link": "down", "scope": "both"}
    assert xm("network-configure", "web", "0", "link=sideways") == 2
