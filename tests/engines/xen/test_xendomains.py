"""Whether xendomains would start domains beside xend."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.engines.xen.xendomains import refuse_beside_xendomains, starts_domains
from xenia.model.errors import ErrorKind, XeniaError

SETTINGS = """\
# This variable sets the directory where domains configurations
# are stored that should be started on system startup automatically.
#
XENDOMAINS_AUTO=/etc/xen/auto
"""
"""As they stand in /etc/default/xendomains of xen-utils-common 4.17."""

INSTALLED = Path("/etc/default/xendomains")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A host as the package leaves it: the script, its settings, and what update-rc.d makes."""
    for folder in ("init.d", "default", "rc2.d", "rc0.d", "systemd/system"):
        (tmp_path / "etc" / folder).mkdir(parents=True)
    script = tmp_path / "etc/init.d/xendomains"
    script.write_text("#!/bin/bash\n")
    script.chmod(0o755)
    (tmp_path / "etc/default/xendomains").write_text(SETTINGS)
    (tmp_path / "etc/rc2.d/S05xendomains").symlink_to("../init.d/xendomains")
    (tmp_path / "etc/rc0.d/K01xendomains").symlink_to("../init.d/xendomains")
    return tmp_path


def test_as_the_package_leaves_it_it_would(root: Path) -> None:
    with pytest.raises(XeniaError) as raised:
        refuse_beside_xendomains(root)
    assert raised.value.kind is ErrorKind.CONFLICT
    assert str(raised.value.hint).startswith("systemctl mask xendomains (not with --now")


def test_a_host_without_it(tmp_path: Path) -> None:
    refuse_beside_xendomains(tmp_path)


def test_one_that_is_masked_does_not(root: Path) -> None:
    (root / "etc/systemd/system/xendomains.service").symlink_to("/dev/null")
    refuse_beside_xendomains(root)


def test_one_that_was_disabled_does_not(root: Path) -> None:
    (root / "etc/rc2.d/S05xendomains").rename(root / "etc/rc2.d/K01xendomains")
    assert not starts_domains(root)


def test_one_that_was_removed_and_not_purged_does_not(root: Path) -> None:
    """The package's postrm takes the right to execute it away."""
    (root / "etc/init.d/xendomains").chmod(0o644)
    assert not starts_domains(root)


def test_xens_own_unit_does(root: Path) -> None:
    (root / "etc/rc2.d/S05xendomains").unlink()
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir()
    (wants / "xendomains.service").symlink_to("/lib/systemd/system/xendomains.service")
    assert starts_domains(root)


@pytest.mark.parametrize(
    ("settings", "starts"),
    [
        ("XENDOMAINS_AUTO=\n", False),
        ('XENDOMAINS_AUTO=""\n', False),
        ("", False),
        ("# XENDOMAINS_AUTO=/etc/xen/auto\n", False),
        ("XENDOMAINS_AUTO_ONLY=true\n", False),
        ("XENDOMAINS_AUTO=/etc/xen/auto\nXENDOMAINS_AUTO=''\n", False),
        ('XENDOMAINS_AUTO="/etc/xen/auto"   # as ever\n', True),
        ("export XENDOMAINS_AUTO='/a b'\n", True),
        ("XENDOMAINS_AUTO=/x;y\n", True),
    ],
)
def test_its_settings_count(root: Path, settings: str, starts: bool) -> None:
    (root / "etc/default/xendomains").write_text(settings)
    assert starts_domains(root) is starts


@pytest.mark.skipif(not INSTALLED.exists(), reason="xen-utils-common is not installed")
def test_the_settings_of_the_package_itself(root: Path) -> None:
    (root / "etc/default/xendomains").write_bytes(INSTALLED.read_bytes())
    assert starts_domains(root)


def test_settings_that_cannot_be_read_are_none(root: Path) -> None:
    (root / "etc/default/xendomains").write_bytes(b"\xff\xfe=\n")
    assert not starts_domains(root)
    (root / "etc/default/xendomains").unlink()
    assert not starts_domains(root)
