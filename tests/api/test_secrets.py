"""Passwords of guest files are told to nobody over the API but as the guest file itself, to administrators."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.api.test_logins import log_in, visitor
from tests.support.xend import Xend

from xenia.api.secrets import config_without_secrets, definition_without_secrets
from xenia.model.disk import Disk, DiskFormat, DiskSource, NamedImage
from xenia.model.display import Display
from xenia.model.domain import Definition, DomainConfig
from xenia.model.event import EventKind


@pytest.mark.parametrize(("password", "told"), [("hunter2", "***"), ("", ""), (None, None)])
def test_a_vnc_password_is_never_told(password: str | None, told: str | None) -> None:
    config = DomainConfig("guest", display=Display(vnc_password=password))
    assert config_without_secrets(config).display.vnc_password == told


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("spicepasswd", "hunter2", "***"),
        ("spicedisable_ticketing", 1, 1),
        ("device_model_args", ["-spice", "port=1,password=hunter2"], ["-spice", "***"]),
        ("device_model_args", ["-object", "secret,id=a,data=hunter2"], ["-object", "***"]),
        ("description", "the mail server", "the mail server"),
        ("pci_msitranslate", 1, 1),
    ],
)
def test_neither_is_one_that_no_field_holds(key: str, value: object, told: object) -> None:
    assert config_without_secrets(DomainConfig("guest", other={key: value})).other == {key: told}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("rbd:pool/image:id=admin:key=AQ==hunter2:conf=/c", "rbd:pool/image:id=admin:key=***:conf=/c"),
        ("rbd:pool/image:id=admin:conf=/etc/ceph.conf", "rbd:pool/image:id=admin:conf=/etc/ceph.conf"),
        ("iscsi://ada%hunter2@host/target/0", "iscsi://ada%***@host/target/0"),
        ("nbd://host:10809/export", "nbd://host:10809/export"),
        ("iscsi://[::1]:3260/target/0", "iscsi://[::1]:3260/target/0"),
        ("/var/lib/xen/images/a@b:key.img", "/var/lib/xen/images/a@b:key.img"),
    ],
)
def test_neither_is_the_key_of_a_network_disk(path: str, told: str) -> None:
    disk = Disk("xvda", "/overlay", named=NamedImage(path, DiskSource.NETWORK, DiskFormat.RAW))
    config = config_without_secrets(DomainConfig("guest", disks=(disk, Disk("xvdb", path))))
    assert config.disks[0].named is not None
    assert [config.disks[0].named.path, config.disks[1].path] == [told, told]


def test_neither_is_one_of_the_command_line() -> None:
    words = ("vncpasswd=hunter2", "memory=64", "vfb=['type=vnc,vncpasswd=hunter2']", "disk=rbd:a/b:key=hunter2")
    told = definition_without_secrets(Definition("/f", words)).overrides
    assert told == ("vncpasswd=***", "memory=64", "vfb=***", "disk=rbd:a/b:key=***")


async def test_no_route_tells_a_password_to_who_is_no_administrator(xend: Xend) -> None:
    uuid = await xend.create("one", overrides=["vncpasswd=hunter2"])
    entry = xend.manager._parts.lifecycle.table.get(uuid)
    assert entry is not None
    display = Display(vnc=True, vnc_password="hunter2")
    config = replace(entry.started.config, display=display, other={"spicepasswd": "hunter2"})
    entry.started = replace(entry.started, config=config)
    assert entry.started.definition.overrides == ("vncpasswd=hunter2",)
    xend.manager._parts.bus.publish(EventKind.PAUSED, entry.started)
    for user in ("vic", "olga"):
        async with visitor(xend, await log_in(xend, user)) as client:
            for path in ("domains", "domains/one", "stats", "metrics", "jobs", "vcpus", "host/settings", "networks"):
                for query in ("", "?all=true", "?addresses=true", "?interfaces=true"):
                    answer = await client.get(f"/v1/{path}{query}")
                    assert answer.status_code == 200
                    assert "hunter2" not in answer.text, (user, path)
            for path in ("guest-file", "differences", "rename"):
                answer = await client.get(f"/v1/domains/one/{path}")
                assert answer.status_code in (403, 405)
                assert "hunter2" not in answer.text
