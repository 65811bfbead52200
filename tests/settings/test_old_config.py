"""What the settings of xend of old become."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.settings.test_univention_cases import EXPECTED, cases

from xenia.model.old_config import Fate, OldSetting
from xenia.settings.old_config import OLD_NAMES, translate
from xenia.settings.settings import SETTINGS
from xenia.sxp.read import read


def became(text: str) -> tuple[dict[str, str], OldSetting]:
    """The changes, without what the missing network-script means, and what was said of the first line."""
    if "network-script" not in text:
        text += "(network-script network-bridge)"
    done = translate(read(text, "f"))
    return done.changes, done.settings[0]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("(loglevel DEBUG)", {"log_level": "debug"}),
        ("(loglevel WARN)", {"log_level": "warning"}),
        ("(loglevel CRITICAL)", {"log_level": "error"}),
        ("(vnc-listen '0.0.0.0')", {"vnc_listen": "0.0.0.0"}),  # noqa: S104
        ("(vncpasswd 'x y')", {"vnc_password": "x y"}),
        ("(dom0-min-mem 1024)", {"dom0_min_mem": "1024"}),
        ("(enable-dom0-ballooning T)", {"dom0_ballooning": "yes"}),
        ("(xend-relocation-ssl-server y)", {"relocation.server": "yes"}),
        ("(xend-relocation-ssl-port 9003)", {"relocation.port": "9003"}),
        ("(xend-relocation-address localhost)", {"relocation.address": "localhost"}),
        ("(xend-relocation-hosts-allow '^a$  b')", {"relocation.hosts_allow": "^a$  b"}),
        ("(network-script)", {"bridge.interface": "none"}),
        ("(network-script network-dummy)", {"bridge.interface": "none"}),
        ("(network-script 'network-bridge netdev=eth1')", {"bridge.interface": "eth1"}),
        ("(network-script 'network-bridge netdev=eth1 bridge=eth1')", {"bridge.interface": "eth1"}),
        (
            "(network-script '/etc/xen/scripts/network-bridge bridge=br7 netdev=bond0')",
            {"bridge.interface": "bond0", "default_bridge": "br7"},
        ),
        ("(vif-script 'vif-bridge bridge=br7')", {"default_bridge": "br7"}),
    ],
)
def test_what_is_translated(text: str, changes: dict[str, str]) -> None:
    assert became(text)[0] == changes
    assert became(text)[1].fate is Fate.TRANSLATED


@pytest.mark.parametrize(
    "text",
    [
        "(loglevel INFO)",
        "(vnc-listen 127.0.0.1)",
        "(vncpasswd '')",
        "(dom0-min-mem 0)",
        "(dom0-min-mem 196)",
        "(enable-dom0-ballooning f)",
        "(xend-relocation-ssl-server off)",
        "(xend-relocation-ssl-port 8003)",
        "(xend-relocation-address '')",
        "(xend-http-server no)",
        "(xend-relocation-server N)",
        "(vif-script vif-bridge)",
    ],
)
def test_what_is_so_here_already(text: str) -> None:
    changes, said = became(text)
    assert (changes, said.fate) == ({}, Fate.SAME)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(xend-http-server yes)", "never opened"),
        ("(xend-tcp-xmlrpc-server yes)", "never opened"),
        ("(xend-relocation-server yes)", "never opened: port 8002"),
        ("(network-script my-network)", "scripts of one's own are not run"),
        ("(network-script network-route)", "xm network create lan --routed"),
        ("(network-script network-nat)", "xm network create lan --nat"),
        ("(vif-script vif-nat)", "script=vif-nat"),
        ("(vif-script vif-route)", "script=vif-route"),
        ("(vif-script vif-own)", "script=vif-own"),
        ("(vnc-listen everywhere)", "vnc_listen cannot be 'everywhere': that is no IP address"),
        ("(dom0-min-mem lots)", "dom0_min_mem must be a whole number, not 'lots'"),
        ("(loglevel TRACE)", "log_level cannot be 'trace'"),
        ("(xend-relocation-hosts-allow '(')", "relocation.hosts_allow cannot have '('"),
        ("(network-script 'network-bridge netdev=a/b')", "bridge.interface cannot be 'a/b'"),
    ],
)
def test_what_is_refused_is_said_with_the_reason(text: str, words: str) -> None:
    changes, said = became(text)
    assert (changes, said.fate) == ({}, Fate.REFUSED)
    assert words in said.words


def test_the_bridge_over_the_card_of_the_default_route_is_left_to_people() -> None:
    changes, said = became("(network-script network-bridge)")
    assert (changes, said.fate) == ({}, Fate.NONE)
    assert "xm config settings bridge.interface=eth0" in said.words


def test_without_a_network_script_there_was_no_bridge() -> None:
    done = translate(read("", "f"))
    assert done.changes == {"bridge.interface": "none"}
    assert done.settings[0].line == 0


def test_a_password_is_not_told() -> None:
    assert "secret" not in repr(became("(vncpasswd secret)")[1])


@pytest.mark.parametrize("name", sorted(OLD_NAMES))
@pytest.mark.parametrize("value", ["", "yes", "no", "0", "'a b'", "(x (y))"])
def test_every_old_setting_has_an_answer_whatever_its_value(name: str, value: str) -> None:
    said = became(f"({name} {value})")[1]
    assert said.name == name
    assert said.words
    assert "not known" not in said.words


def test_one_that_xend_of_old_did_not_know_is_said_so() -> None:
    assert "not known" in became("(my-own 1)")[1].words


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_the_file_that_univention_made_becomes_what_its_variables_become(case: dict[str, Any]) -> None:
    done = translate(read("\n".join(case["active_lines"]), "f"))
    wanted = EXPECTED[case["name"]] | {"dom0_ballooning": True}
    assert {name: SETTINGS[name].kind.of_text(text) for name, text in done.changes.items()} == wanted
    assert json.dumps([each.words for each in done.settings])
