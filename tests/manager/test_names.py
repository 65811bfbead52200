import pytest

from xenia.manager.names import resolve
from xenia.model.domain import Domain, Kind, State
from xenia.model.errors import ErrorKind, XeniaError


def domain(name, uuid, domid):
    return Domain(name, uuid, domid, State.RUNNING, 1, 1, 1, 0.0, Kind.PV, "simulated")


KNOWN = [
    domain("Domain-0", "00000000-0000-0000-0000-000000000000", 0),
    domain("web1", "abcd0000-0000-4000-8000-000000000001", 5),
    domain("web2", "abce0000-0000-4000-8000-000000000002", 6),
    domain("web", "0bce0000-0000-4000-8000-000000000003", 7),
    domain("6", "1bce0000-0000-4000-8000-000000000004", 8),
    domain("abcdef", "2bce0000-0000-4000-8000-000000000005", None),
]


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("5", "web1"),
        ("0", "Domain-0"),
        ("6", "web2"),
        ("8", "6"),
        ("web", "web"),
        ("web1", "web1"),
        ("Dom", "Domain-0"),
        ("ABCE0000-0000-4000-8000-000000000002", "web2"),
        ("abce", "web2"),
        ("2bce", "abcdef"),
        ("abcde", "abcdef"),
    ],
)
def test_a_word_names_a_domain(ref, name):
    assert resolve(ref, KNOWN).name == name


@pytest.mark.parametrize(
    ("ref", "kind", "words"),
    [
        ("web3", ErrorKind.NOT_FOUND, "no domain 'web3'"),
        ("99", ErrorKind.NOT_FOUND, "no domain '99'"),
        ("", ErrorKind.NOT_FOUND, "no domain ''"),
        ("abc", ErrorKind.NOT_FOUND, "x"),
        ("we", ErrorKind.INVALID, "web, web1, web2"),
        ("²", ErrorKind.NOT_FOUND, "²"),
        ("\x1b[2J", ErrorKind.NOT_FOUND, "no domain"),
    ],
)
def test_a_word_that_names_none_or_several_is_refused(ref, kind, words):
    known = [each for each in KNOWN if each.name != "abcdef"] if ref == "abc" else KNOWN
    with pytest.raises(XeniaError) as raised:
        resolve(ref, known)
    assert raised.value.kind is kind
    assert words in raised.value.message or words == "x"


def test_the_nearest_names_are_offered():
    with pytest.raises(XeniaError) as raised:
        resolve("wbe1", KNOWN)
    assert raised.value.hint is not None
    assert "web1" in raised.value.hint
