"""xend.toml: what it may say, and what is said of what it may not."""

from pathlib import Path

import pytest

from xenia.lib.paths import Paths
from xenia.model.errors import XeniaError
from xenia.settings.load import load as load_all
from xenia.settings.settings import Settings


def load_settings(paths: Paths) -> Settings:
    return load_all(paths, {}).settings


def load(root: Path, content: str | bytes) -> Settings:
    paths = Paths(root)
    paths.settings.parent.mkdir(parents=True)
    paths.settings.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_settings(paths)


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings(Paths(tmp_path))
    assert settings == Settings(roots=(tmp_path / "var/lib/xen",))
    assert settings.engine == "auto"


def test_what_the_file_says_holds(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        log_level = "debug"
        socket_group = "wheel"
        roots = ["/srv/images", "/boot"]
        uid_base = 2000000
        accelerator = "tcg"
        host_stop = ["save", "shutdown"]
        volume_groups = ["vg0", "vg-1", "vg0"]
        """,
    )
    assert settings.volume_groups == ("vg0", "vg-1")
    assert settings.host_stop == ("save", "shutdown")
    assert (settings.log_level, settings.socket_group, settings.accelerator) == ("debug", "wheel", "tcg")
    assert settings.roots == (Path("/srv/images"), Path("/boot"))
    assert settings.uid_base == 2_000_000


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ('\nlog_levl = "info"', ":2: there is no setting 'log_levl'", "did you mean log_level?"),
        ("# a\n\n[network]\nx = 1", ":3: there is no setting 'network'", "the settings are: "),
        ("log_level = 1", ":1: log_level must be a text in quotes, not a whole number", ""),
        ('log_level = "loud"', ":1: log_level cannot be 'loud'", "debug, info, warning, error"),
        ('# one\nuid_base = "7"', ":2: uid_base must be a whole number, not a text in quotes", ""),
        ("uid_base = true", ":1: uid_base must be a whole number, not true or false", ""),
        ("uid_base = 0", ":1: uid_base cannot be 0", "65,536"),
        ("uid_base = 99999999999", ":1: uid_base cannot be", "65,536"),
        ("restart_limit = 0", ":1: restart_limit cannot be 0", "from 1 to 1000"),
        ("restart_window = 86401", ":1: restart_window cannot be 86401", "it is seconds, from 1 to 86400"),
        ("restart_delay = -1", ":1: restart_delay cannot be -1", "it is seconds, from 0 to 60"),
        ("attach_timeout = 0", ":1: attach_timeout cannot be 0", "it is seconds, from 1 to 600"),
        ("restart_delay = 0.5", ":1: restart_delay must be a whole number, not a number", ""),
        ('roots = "/srv"', ":1: roots must be a list of absolute paths", "for example"),
        ('roots = ["srv"]', ":1: roots must be a list of absolute paths", "for example"),
        ('volume_groups = "vg0"', ":1: volume_groups must be a list of names of volume groups", "for example"),
        ('volume_groups = ["/dev/vg0"]', ":1: volume_groups must be a list of names of volume groups", "for example"),
        ("roots = [1]", ":1: roots must be a list of absolute paths", "for example"),
        (
            'host_stop = "shutdown"',
            ":1: host_stop must be a list of: migrate, save, shutdown",
            'host_stop = ["shutdown"]',
        ),
        ('[web]\nviewers = ["[\\"ada\\"]"]', ":2: web.viewers must be a list of names", "root,@sudo"),
        ('[web]\nurl = "https://alpha/xenia"', ":2: web.url cannot be 'https://alpha/xenia'", "https://alpha"),
        ('[web]\nurl = "alpha:8006"', ":2: web.url cannot be 'alpha:8006'", "https://alpha"),
        ('[oidc]\nissuer = "http://login"', ":2: oidc.issuer cannot be 'http://login'", "an https URL"),
        ('[oidc]\nissuer = "https://a@login/?x"', ":2: oidc.issuer cannot be", "an https URL"),
        ('[oidc]\nissuer = "https://login:x"', ":2: oidc.issuer cannot be", "an https URL"),
        ('[oidc]\nhosts = ["https://keys"]', ":2: oidc.hosts must be a list of names of hosts", "keys.example.org"),
        ('[oidc]\nclient_secret_file = "s3cret"', ":2: oidc.client_secret_file must be an absolute path", "path"),
        ('host_stop = ["reboot"]', ":1: host_stop must be a list of: migrate, save, shutdown", "shutdown"),
        ("host_stop = [[]]", ":1: host_stop must be a list of: migrate, save, shutdown", "shutdown"),
        ("host_stop = []", ":1: host_stop must have shutdown", "saves those that can be"),
        ('host_stop = ["save"]', ":1: host_stop must have shutdown, for guests that cannot be saved or migrated", ""),
        ("stop_timeout = 0", ":1: stop_timeout cannot be 0", "it is seconds, from 1 to 86400"),
        ("host_stop_timeout = 90000", ":1: host_stop_timeout cannot be 90000", "seconds"),
        ("bring_back = 1", ":1: bring_back must be true or false, not a whole number", ""),
        ("engine = 2026-01-01", ":1: engine must be a text in quotes, not a table or date", ""),
        ("engine = \n", "line 1", "TOML"),
        ("a = 1\na = 2\n", "line 2", "TOML"),
        (b"engine = '\xff'", "byte 10 is not UTF-8", ""),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(
    tmp_path: Path, content: str | bytes, message: str, hint: str
) -> None:
    with pytest.raises(XeniaError) as caught:
        load(tmp_path, content)
    assert message in caught.value.message
    assert str(tmp_path / "etc/xen/xend.toml") in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_folder_instead_of_the_file_is_said_so(tmp_path: Path) -> None:
    Paths(tmp_path).settings.mkdir(parents=True)
    with pytest.raises(XeniaError, match="cannot be read: Is a directory"):
        load_settings(Paths(tmp_path))
