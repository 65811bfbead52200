"""What xrdp is told, also of guests whose names are made to tell it something else."""

from __future__ import annotations

import configparser
from ipaddress import ip_address

import pytest

from xenia.screen.rdp.ini import ini_of, own_ini_of, sections_of

LOCAL = ip_address("127.0.0.1")


def parsed(text: str) -> configparser.ConfigParser:
    """As strictly as it can be read: no section and no key twice."""
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.read_string(text)
    return parser


def test_each_guest_is_a_section_whose_password_is_asked_for() -> None:
    ini = parsed(ini_of(LOCAL, 3389, {"web": 40001, "db": 40002}))
    assert ini.sections() == ["Globals", "Logging", "Channels", "db", "web"]
    assert dict(ini["web"]) == {
        "name": "web",
        "lib": "libvnc.so",
        "username": "na",
        "password": "ask",
        "ip": "127.0.0.1",
        "port": "40001",
        "disabled_encodings_mask": "1",
    }


def test_nothing_is_said_in_the_clear_and_nothing_of_the_client_comes_along() -> None:
    ini = parsed(ini_of(LOCAL, 3389, {}))
    assert ini["Globals"]["security_layer"] == "tls"
    assert ini["Globals"]["ssl_protocols"] == "TLSv1.2, TLSv1.3"
    assert ini["Globals"]["fork"] == "true"
    assert list(ini["Channels"]) == []


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("127.0.0.1", "tcp://127.0.0.1:13389"),
        ("0.0.0.0", "tcp://0.0.0.0:13389"),  # noqa: S104
        ("::", "tcp6://{::}:13389"),
        ("2001:db8::1", "tcp6://{2001:db8::1}:13389"),
    ],
)
def test_where_it_listens(address: str, port: str) -> None:
    assert parsed(ini_of(ip_address(address), 13389, {}))["Globals"]["port"] == port


@pytest.mark.parametrize(
    "name",
    [
        "web]\nip=192.0.2.1\n[x",
        "web\n[Globals]\nsecurity_layer=rdp",
        "web\r\nlib=/tmp/evil.so",
        "a;b#c",
        "[Globals]",
        "web\0",
        "grün",
        "a=b",
        "a b",
    ],
)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    plain, hostile = ini_of(LOCAL, 3389, {"x": 1}), ini_of(LOCAL, 3389, {name: 1})
    assert hostile.count("\n") == plain.count("\n")
    assert parsed(hostile).sections()[:3] == ["Globals", "Logging", "Channels"]
    (section,) = parsed(hostile).sections()[3:]
    assert section.isascii()
    assert not set(section) & set("[]=;# \r\n\0")
    assert dict(parsed(hostile)[section]) == {**parsed(plain)["x"], "name": section}


@pytest.mark.parametrize("name", ["globals", "Globals", "LOGGING", "channels", "LoggingPerLogger"])
def test_a_guest_is_no_section_of_xrdps_own(name: str) -> None:
    assert sections_of([name]) == {name: f"{name}-2"}


def test_guests_that_xrdp_could_not_tell_apart_get_a_number() -> None:
    sections = sections_of(["web", "Web", "WEB", "web-2"])
    assert len({section.lower() for section in sections.values()}) == 4
    assert sections["WEB"] == "WEB"


def test_a_viewer_of_their_own_is_asked_nothing_and_finds_one_guest() -> None:
    ini = parsed(own_ini_of(40001, "x-_Y1234"))
    assert ini.sections() == ["Globals", "Logging", "Channels", "screen"]
    assert ini["Globals"]["port"] == "unix://./proc/self/cwd/door"
    assert (ini["Globals"]["autorun"], ini["Globals"]["enable_token_login"]) == ("screen", "true")
    assert ini["Globals"]["security_layer"] == "tls"
    assert (ini["screen"]["port"], ini["screen"]["password"]) == ("40001", "x-_Y1234")
