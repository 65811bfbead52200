"""What an issuer says of who has logged in, without an issuer: signed and meant as it has to be, or refused."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.issuer import CLIENT, EC, OTHER_RSA, RSA, WEAK_RSA, by_the_public_key, signed, unsigned

from xenia.daemon.issuer.fetch import Fetch
from xenia.daemon.issuer.id_token import claims_of
from xenia.daemon.issuer.refused import Refused, Unusable
from xenia.daemon.issuer.who import groups_of, user_of

NOW = 1_800_000_000
ISSUER = "https://login.example.org"
CLAIMS = {"iss": ISSUER, "aud": CLIENT, "sub": "4711", "nonce": "n", "iat": NOW, "exp": NOW + 60}
KEYS = {
    "keys": [
        7,
        {"kty": "AKP", "kid": "rsa"},
        {"kty": "RSA", "kid": "rsa", "n": 7},
        {"kty": "oct", "kid": "rsa", "k": "AAAA"},
        *(key.as_dict(private=False) for key in (RSA, WEAK_RSA, EC)),
    ]
}


def read(word: Any, keys: Any = KEYS) -> dict[str, Any]:
    return claims_of(word, keys, ISSUER, CLIENT, "n", NOW)


def _with(**claims: Any) -> Callable[[dict[str, Any]], str]:
    return lambda said: signed({k: v for k, v in (said | claims).items() if v is not None}, RSA, "RS256")


WICKED = {
    "the nonce of another login": _with(nonce="x" * 43),
    "no nonce": _with(nonce=None),
    "for somebody else": _with(aud="another"),
    "for somebody else too, and not sent by us": _with(aud=[CLIENT, "another"], azp="another"),
    "for two, of whom none has asked": _with(aud=[CLIENT, "another"]),
    "by another issuer": _with(iss="https://login.example.org/"),
    "over": _with(exp=NOW - 3600),
    "without an end": _with(exp=None),
    "with an end that is a text": _with(exp="2099"),
    "of tomorrow": _with(iat=NOW + 86_400),
    "not good yet": _with(nbf=NOW + 86_400),
    "of nobody": _with(sub=None),
    "unsigned": unsigned,
    "signed with what everybody knows": by_the_public_key,
    "signed by another key of that name": lambda claims: signed(claims, OTHER_RSA, "RS256"),
    "signed by a key that it does not have": lambda claims: signed(claims, RSA, "RS256", kid="gone"),
    "signed by a weak key": lambda claims: signed(claims, WEAK_RSA, "RS256"),
    "changed afterwards": lambda claims: signed(claims, RSA, "RS256")[:-8] + "AAAAAAAA",
    "no word at all": lambda claims: "",
    "in two parts": lambda claims: "e30.e30",
    "no JSON": lambda claims: "!.!.!",
    "encrypted": lambda claims: "a.b.c.d.e",
    "very long": lambda claims: signed(claims | {"x": "x" * 100_000}, RSA, "RS256"),
}


@pytest.mark.filterwarnings("ignore:Key size should be")
@pytest.mark.parametrize("name", WICKED)
def test_a_word_that_does_not_hold(name: str) -> None:
    with pytest.raises(Refused):
        read(WICKED[name](dict(CLAIMS)))


@pytest.mark.filterwarnings("ignore:Key size should be")
@pytest.mark.parametrize(
    "word",
    [
        lambda claims: signed(claims, RSA, "RS256"),
        lambda claims: signed(claims, EC, "ES256"),
        lambda claims: signed(claims, RSA, "PS512"),
        lambda claims: signed(claims, RSA, "RS256", kid=None),
        _with(aud=[CLIENT]),
        _with(aud=[CLIENT, "another"], azp=CLIENT),
        _with(exp=NOW - 30),
        _with(iat=NOW + 30),
    ],
)
def test_a_word_that_holds(word: Callable[[dict[str, Any]], str]) -> None:
    assert read(word(dict(CLAIMS)))["sub"] == "4711"


@pytest.mark.parametrize("keys", [None, {}, {"keys": None}, {"keys": []}, {"keys": [{"kty": "oct", "kid": "rsa"}]}])
def test_keys_that_verify_nothing(keys: Any) -> None:
    with pytest.raises(Refused, match="none of the issuer's keys"):
        read(signed(CLAIMS, RSA, "RS256"), keys)


@pytest.mark.parametrize("keys", [RSA.as_dict(private=False) | {"use": "enc"}, RSA.as_dict(private=False) | {"kid": 7}])
def test_a_key_for_something_else(keys: Any) -> None:
    with pytest.raises(Refused, match="none of the issuer's keys"):
        read(signed(CLAIMS, RSA, "RS256"), {"keys": [keys]})


@pytest.mark.parametrize("name", [None, "", " ada", "ada\n", ["ada"], {"a": 1}, 7, "x" * 300])
def test_what_is_no_name_of_a_user(name: Any) -> None:
    with pytest.raises(Refused, match="preferred_username"):
        user_of({"preferred_username": name, "sub": "4711"}, "preferred_username")


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_a_mail_address_that_nobody_has_verified(verified: Any) -> None:
    with pytest.raises(Refused, match="verified"):
        user_of({"email": "a@example.org", "email_verified": verified}, "email")


def test_names_of_users_and_groups_cannot_be_those_of_the_host() -> None:
    claims = {"name": "root", "groups": ["sudo", "a b", " c", "", 7, None, "sudo"], "realm": {"roles": "ops"}}
    assert user_of(claims, "name") == "oidc:root"
    assert groups_of(claims, "groups") == ("oidc:sudo", "oidc:a b")
    assert groups_of(claims, "realm.roles") == ("oidc:ops",)
    for nothing in ("", "none", "realm", "realm.none", "name.x"):
        assert groups_of(claims, nothing) == (), nothing


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "http://127.0.0.1/",
        "file:///etc/passwd",
        "https://evil.example/",
        "https://127.0.0.1:x/",
        "https://127.0.0.1:0/",
        "https://[127.0.0.1/",
        "https://a@127.0.0.1/",
        "https://127.0.0.1/#a",
        "https://127.0.0.1/ HTTP/1.1",
        "https://127.0.0.1/\r\nx: y",
        "https://127.0.0.1.evil.example/",
    ],
)
def test_urls_that_are_not_the_issuers(url: Any) -> None:
    fetch = Fetch({"127.0.0.1": ("127.0.0.1",)}, ssl.create_default_context())
    with pytest.raises(Unusable):
        fetch.check(url)
