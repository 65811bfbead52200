"""Disks on the network: what QEMU is told of each form, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from xenia.model.errors import XeniaError
from xenia.storage.network_disk import driver_of


def inet(host: str, port: str = "10809", export: str = "") -> dict[str, Any]:
    return {"driver": "nbd", "server": {"type": "inet", "host": host, "port": port}, "export": export}


LOCAL = {"driver": "nbd", "server": {"type": "unix", "path": "/run/x"}, "export": "a"}


@pytest.mark.parametrize(
    ("word", "options"),
    [
        ("nbd:10.0.0.1 20004", inet("10.0.0.1", "20004")),
        ("nbd:10.0.0.1:20004", inet("10.0.0.1", "20004")),
        ("nbd:store:10809:exportname=web root", inet("store", export="web root")),
        ("nbd:[fd00::1]:10809", inet("fd00::1")),
        ("nbd://store", inet("store")),
        ("nbd://store:1234/web%20root", inet("store", "1234", "web root")),
        ("nbd+tcp://[fd00::1]/a", inet("fd00::1", export="a")),
        ("NBD://store/a", inet("store", export="a")),
        (
            "nbd:unix:/run/x:exportname=a",
            {"driver": "nbd", "server": {"type": "unix", "path": "/run/x"}, "export": "a"},
        ),
        (
            "nbd+unix:///a?socket=/run/x",
            {"driver": "nbd", "server": {"type": "unix", "path": "/run/x"}, "export": "a"},
        ),
        (
            "iscsi://store/iqn.2001-04.com.example:web/1",
            {
                "driver": "iscsi",
                "transport": "tcp",
                "portal": "store:3260",
                "target": "iqn.2001-04.com.example:web",
                "lun": 1,
            },
        ),
        ("rbd:pool/image", {"driver": "rbd", "pool": "pool", "image": "image"}),
        (
            r"rbd:pool/image@snap:id=web:conf=/etc/ceph/c.conf:mon_host=m1\:6321\;m2",
            {
                "driver": "rbd",
                "pool": "pool",
                "image": "image",
                "snapshot": "snap",
                "user": "web",
                "conf": "/etc/ceph/c.conf",
                "server": [{"host": "m1", "port": "6321"}, {"host": "m2", "port": "6789"}],
            },
        ),
        ("rbd:p/i:auth_supported=none", {"driver": "rbd", "pool": "p", "image": "i", "auth-client-required": ["none"]}),
    ],
)
def test_each_form_becomes_options_by_name(word: str, options: dict[str, Any]) -> None:
    assert driver_of(word) == options


@pytest.mark.parametrize(
    "word",
    [
        *(
            "nbd:",
            "nbd:store",
            "nbd:store:port",
            "nbd:store:99999",
            "nbd://",
            "nbd://:1",
            "nbd://store:99999999",
            "nbd+unix:///a",
        ),
        *("nbd+unix:///a?socket=x", "nbd+unix:///a?socket=/x&socket=/y", "nbd:unix:x"),
        *("iscsi:iqn.x:y", "iscsi://store", "iscsi://store/iqn", "iscsi://store/iqn/lun", "iscsi://u:p@store/iqn/1"),
        *("rbd:", "rbd:pool", "rbd:pool/image/x", "rbd:pool/image:key=secret", "rbd:pool/image:id"),
        *("gluster://x/y", "sheepdog:x", "https://x/y", "drbd:r0", "enbd:x", "json:{}", ""),
    ],
)
def test_what_nobody_understands_is_refused_with_the_form(word: str) -> None:
    with pytest.raises(XeniaError) as raised:
        driver_of(word)
    assert raised.value.hint
