"""All files of the registry together."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xenia.ucr.registry import LIMIT, Layer, Registry, Variable, files_of, read_registry

HEADING = "# univention_ base.conf\n\n"


class Host:
    """A root folder with files of the registry."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "etc/univention"
        self.folder.mkdir(parents=True)
        self.own = root / "own.conf"

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else (HEADING + content).encode())
        return path

    def read(self, **environment: str) -> Registry:
        return read_registry(files_of(self.root, self.own, environment))

    def values(self) -> dict[str, str]:
        return {name: each.value for name, each in self.read().variables.items()}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_host_without_a_registry_has_no_variables(tmp_path: Path) -> None:
    assert read_registry(files_of(tmp_path, tmp_path / "own", {})) == Registry()


def test_the_highest_layer_that_has_a_variable_gives_its_value(host: Host) -> None:
    for value, name in enumerate(("base-defaults", "base", "base-ldap", "base-schedule", "base-forced")):
        path = host.write(f"{name}.conf", f"a: {value}\n{name}: here\n")
        assert host.read().variables["a"].value == str(value)
    assert host.read().variables["a"] == Variable("a", "4", Layer.FORCED, str(path), 3)
    assert host.read().variables["a"].place == f"{path}:3"
    assert set(host.values()) == {"a", "base-defaults", "base", "base-ldap", "base-schedule", "base-forced"}


def test_our_own_file_stands_between_base_and_the_defaults(host: Host) -> None:
    host.own.write_text(f"{HEADING}a: own\nb: own\n")
    host.write("base-defaults.conf", "a: default\n")
    host.write("base.conf", "b: base\n")
    assert host.values() == {"a": "own", "b": "base"}
    assert host.read().variables["a"].layer is Layer.OWN


def test_univention_baseconf_replaces_all_files(host: Host, tmp_path: Path) -> None:
    host.write("base-forced.conf", "a: forced\nb: forced\n")
    (tmp_path / "other").write_text(f"{HEADING}a: other\n")
    found = host.read(UNIVENTION_BASECONF=str(tmp_path / "other"))
    assert [(each.name, each.value, each.layer) for each in found.variables.values()] == [("a", "other", Layer.CUSTOM)]


@pytest.mark.parametrize("content", [None, b"", b"# univention_ base.conf\n"])
def test_a_file_that_was_cut_off_is_replaced_by_its_backup(host: Host, content: bytes | None) -> None:
    if content is not None:
        host.write("base.conf", content)
    host.write("base.conf.bak", "a: 1\n")
    assert host.values() == {"a": "1"}
    (remark,) = host.read().remarks
    assert "backup" in remark


def test_an_empty_file_without_a_backup_is_an_empty_layer(host: Host) -> None:
    host.write("base-forced.conf", b"")
    assert host.read() == Registry()


def test_nothing_is_written(host: Host) -> None:
    host.write("base.conf", b"")
    host.write("base.conf.bak", "a: 1\n")
    host.read()
    assert sorted(path.name for path in host.folder.iterdir()) == ["base.conf", "base.conf.bak"]
    assert (host.folder / "base.conf").read_bytes() == b""


def test_what_is_no_key_and_value_is_told(host: Host) -> None:
    path = host.write("base.conf", "a = 1\nb: 2\nc\n")
    assert host.read().remarks == (f"{path}:3: this line (and 1 more) is no 'key: value', and says nothing",)
    assert host.values() == {"b": "2"}


def test_what_cannot_be_read_is_told_and_does_not_stop_the_others(host: Host) -> None:
    (host.folder / "base-forced.conf").mkdir()
    os.mkfifo(host.folder / "base-schedule.conf")
    host.write("base-ldap.conf", b"#\n" * (LIMIT // 2 + 1))
    host.write("base.conf", "a: 1\n")
    (host.folder / "base-defaults.conf").symlink_to("base-defaults.conf")
    found = host.read()
    assert {name: each.value for name, each in found.variables.items()} == {"a": "1"}
    said = "\n".join(found.remarks)
    assert "base-forced.conf cannot be read: it is no file" in said or "Is a directory" in said
    assert "base-schedule.conf cannot be read: it is no file" in said
    assert "base-ldap.conf cannot be read: it is longer than 4096 KiB" in said
    assert "base-defaults.conf cannot be read: Too many levels of symbolic links" in said


def test_a_file_that_is_not_utf_8_is_read_as_latin_1(host: Host) -> None:
    host.write("base.conf", HEADING.encode() + "a: größe\n".encode("latin-1"))
    assert host.values() == {"a": "größe"}


def test_references_of_defaults_are_replaced(host: Host) -> None:
    host.write("base.conf", "hostname: xen1\nplain: @%@hostname@%@\n")
    host.write("base-defaults.conf", "fqdn: @%@hostname@%@.@%@domainname@%@\nurl: http://@%@fqdn@%@/\n")
    values = host.values()
    assert values["fqdn"] == "xen1."
    assert values["url"] == "http://xen1./"
    assert values["plain"] == "@%@hostname@%@"


@pytest.mark.parametrize(
    "lines",
    [
        "a: x@%@a@%@\n",
        "a: @%@b@%@\nb: @%@a@%@\n",
        "a: @%@b@%@\nb: @%@c@%@\nc: @%@b@%@\n",
        "a: @%@a@%@@%@a@%@\n",
    ],
)
def test_a_reference_to_itself_ends_and_is_told(host: Host, lines: str) -> None:
    path = host.write("base-defaults.conf", lines)
    found = host.read()
    assert any(f"{path}:3: a refers to itself" in remark for remark in found.remarks)
    assert "@%@" not in found.variables["a"].value
    assert len(found.variables["a"].value) < 1000


def test_a_long_chain_of_doublings_stays_short(host: Host) -> None:
    lines = "".join(f"v{number}: @%@v{number + 1}@%@@%@v{number + 1}@%@\n" for number in range(40))
    host.write("base-defaults.conf", f"{lines}v40: {'x' * 100}\n")
    assert all(len(each.value) < 100_000 for each in host.read().variables.values())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_whatever_bytes_a_file_has(host: Host, content: bytes) -> None:
    host.write("base.conf", content)
    for name, variable in host.read().variables.items():
        assert name == variable.name
        assert variable.line >= 1
