"""What gives a setting its value."""

from pathlib import Path

import pytest

from xenia.lib.paths import Paths
from xenia.model.errors import XeniaError
from xenia.settings.given import Origin, Source
from xenia.settings.load import Loaded, load
from xenia.settings.settings import SETTINGS, Setting


@pytest.fixture(autouse=True)
def no_registry_of_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNIVENTION_BASECONF", raising=False)


def loaded(root: Path, toml: str = "", ucr: str = "", **chosen: str) -> Loaded:
    paths = Paths(root)
    for path, text in ((paths.settings, toml), (root / "etc/univention/base.conf", f"# ucr\n\n{ucr}")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load(paths, chosen)


def test_defaults_come_from_nowhere(tmp_path: Path) -> None:
    found = load(Paths(tmp_path), {})
    assert set(found.origins) == set(SETTINGS)
    assert set(found.origins.values()) == {Origin(Source.DEFAULT)}
    assert found.remarks == ()


def test_the_registry_stands_above_the_defaults(tmp_path: Path) -> None:
    found = loaded(tmp_path, ucr="xen/bridge/interface: eth1\nxen/vnc/listen: 0.0.0.0\nxen/vnc/password: univention\n")
    assert found.settings.bridge_interface == "eth1"
    assert found.settings.vnc_listen == "0.0.0.0"  # noqa: S104
    assert found.settings.vnc_password == "univention"
    place = f"{tmp_path}/etc/univention/base.conf:3"
    assert found.origins["bridge.interface"] == Origin(Source.REGISTRY, place, "normal")


def test_the_file_stands_above_the_registry_and_that_is_said(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[bridge]\ninterface = "eth0"\n', "xen/bridge/interface: eth1\n")
    assert found.settings.bridge_interface == "eth0"
    assert found.origins["bridge.interface"] == Origin(Source.FILE, f"{tmp_path}/etc/xen/xend.toml:2")
    (remark,) = found.remarks
    assert remark == (
        f"{tmp_path}/etc/univention/base.conf:3: xen/bridge/interface has no effect, "
        f"{tmp_path}/etc/xen/xend.toml:2 says bridge.interface"
    )


def test_the_command_line_stands_above_all(tmp_path: Path) -> None:
    found = loaded(tmp_path, 'engine = "xen"\nlog_level = "error"\n', engine="simulated")
    assert (found.settings.engine, found.settings.log_level) == ("simulated", "error")
    assert found.origins["engine"] == Origin(Source.COMMAND_LINE)
    assert found.origins["log_level"] == Origin(Source.FILE, f"{tmp_path}/etc/xen/xend.toml:2")


@pytest.mark.parametrize(
    ("given", "value"),
    [("None", "none"), ("NONE", "none"), ("eth0", "eth0"), ("", ""), ("br-lan.7", "br-lan.7")],
)
def test_the_card_of_the_bridge(tmp_path: Path, given: str, value: str) -> None:
    assert loaded(tmp_path, ucr=f"xen/bridge/interface: {given}\n").settings.bridge_interface == value
    assert loaded(tmp_path, f'bridge.interface = "{given}"').settings.bridge_interface == value


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("xen/bridge/interface: a name with blanks", "cannot be 'a name with blanks'"),
        ("xen/bridge/interface: sixteen-letters-", "cannot be 'sixteen-letters-'"),
        ("xen/bridge/interface: ../eth0", "cannot be '../eth0'"),
        ("xen/vnc/listen: everywhere", "cannot be 'everywhere': that is no IP address"),
        ("xen/relocation/port_ssl: 0", "cannot be 0: it is a TCP port, from 1 to 65535"),
        ("xen/relocation/port_ssl: 99999999999999999999", "must be a whole number"),
        ("xen/relocation/hosts_allow: ^ok$ ^(", "cannot have '^('"),
        ("xen/server/relocation_ssl: perhaps", "must be true or false, not 'perhaps'"),
        ("xen/xendomains/autostart: later", "must be true or false, not 'later'"),
    ],
)
def test_a_wrong_value_of_the_registry_has_no_effect_and_is_told(tmp_path: Path, line: str, said: str) -> None:
    found = loaded(tmp_path, ucr=f"{line}\n")
    assert found.settings == load(Paths(tmp_path / "elsewhere"), {}).settings.__class__(roots=found.settings.roots)
    (remark,) = found.remarks
    assert remark.startswith(f"{tmp_path}/etc/univention/base.conf:3: xen/")
    assert said in remark


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[bridge]\ninterface = "a b"', ":2: bridge.interface cannot be 'a b'"),
        ("[bridge]\n# c\ninterfase = 1", ":3: there is no setting 'bridge.interfase'"),
        ("bridge = 1", ":1: there is no setting 'bridge'"),
        ('bridge = {interface = "a b"}', ": bridge.interface cannot be 'a b'"),
        ('"bridge" . "interface" = 7', ":1: bridge.interface must be a text in quotes, not a whole number"),
        ("bridge.interface.x = 1", ": bridge.interface must be a text in quotes, not a table or date"),
        ("[[bridge]]\na = 1", ": there is no setting 'bridge'"),
        ('vnc_listen = "0.0.0"', ":1: vnc_listen cannot be '0.0.0': that is no IP address"),
        ("a = " + "[" * 10_000, "nested"),
        ('qemu = " "', ":1: qemu cannot be empty"),
        ('default_bridge = ""', ":1: default_bridge cannot be ''"),
        ('default_bridge = "a\\u001b"', ":1: default_bridge must be one line, of characters that can be seen"),
        ('vnc_password = "a\\nb"', ":1: vnc_password must be one line"),
        ('roots = ["/a\\tb"]', ":1: roots must be one line"),
    ],
)
def test_a_wrong_value_of_the_file_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(XeniaError) as caught:
        loaded(tmp_path, text)
    assert message in caught.value.message


@pytest.mark.parametrize("row", SETTINGS.values(), ids=SETTINGS)
def test_each_default_is_a_value_that_can_be_written_and_read(tmp_path: Path, row: Setting) -> None:
    value = row.default if row.default is not None else (Path("/var/lib/xen"),)
    written = row.kind.to_toml(value)
    found = loaded(tmp_path, f"{row.name} = {written}\n")
    assert getattr(found.settings, row.member) == value
    assert found.origins[row.name].source is Source.FILE
    assert row.meaning
    assert not row.meaning.endswith(".")


@pytest.mark.parametrize(
    ("word", "value"),
    [("yes", True), ("on", True), ("Enabled", True), ("no", False), ("0", False), ("manually", False)],
)
def test_what_starts_with_the_host(tmp_path: Path, word: str, value: bool) -> None:
    found = loaded(tmp_path, ucr=f"xen/xend/autostart: {word}\nxen/xendomains/autostart: {word}\n")
    assert (found.settings.autostart_xend, found.settings.autostart_domains) == (value, value)


def test_variables_of_old_are_explained(tmp_path: Path) -> None:
    found = loaded(
        tmp_path, ucr="xen/server/http_server: yes\nxen/relocation/prot_ssl: 1\nxen/own: 1\nother: 2\nuvmm/x: 1\n"
    )
    fates = {each.name: each.fate for each in found.variables}
    assert list(fates) == ["xen/own", "xen/relocation/prot_ssl", "xen/server/http_server"]
    assert fates["xen/own"].startswith("not known")
    assert fates["xen/relocation/prot_ssl"] == "not known; perhaps xen/relocation/port_ssl is meant"
    assert fates["xen/server/http_server"].startswith("never opened")
    assert found.settings == load(Paths(tmp_path / "elsewhere"), {}).settings.__class__(roots=found.settings.roots)


def test_a_password_that_others_can_read_is_told(tmp_path: Path) -> None:
    found = loaded(tmp_path, 'vnc_password = "secret"\n')
    file = tmp_path / "etc/xen/xend.toml"
    assert found.remarks == (f"{file} has a password and can be read by others: chmod 600 {file}",)
    file.chmod(0o600)
    assert load(Paths(tmp_path), {}).remarks == ()
    file.chmod(0o644)
    file.write_text('vnc_password = ""\n')
    assert load(Paths(tmp_path), {}).remarks == ()
