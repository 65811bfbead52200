"""VNC over TLS in front of a real QEMU: by the relay, with the certificate of xenia-web."""

from __future__ import annotations

import os
import signal
import ssl

import pytest
from tests.support.live import LiveHost, until
from tests.support.vnc import NotLetIn, Viewer

pytestmark = pytest.mark.qemu


def come_in(host: LiveHost, name: str, password: str = "") -> bytes:
    """The name of the screen that somebody sees who trusts the certificate."""
    trusting = ssl.create_default_context(cafile=host.root / "var/lib/xenia/web/certificate.pem")
    trusting.check_hostname = False
    address, _, display = str(host.domain(name)["vnc"]).rpartition(":")
    viewer = Viewer((address, 5900 + int(display)), password, tls=trusting)
    try:
        return viewer.come_in()
    finally:
        viewer.close()


def test_a_guest_is_seen_over_tls_alone_and_again_after_xend_was_killed(host: LiveHost) -> None:
    address = ".".join(map(str, (127, *os.urandom(3))))
    host.hvm("open")
    host.hvm("web", f"vnc = 1\nvnclisten = '{address}'\n")
    host.hvm("secret", f"vnc = 1\nvnclisten = '{address}'\nvncpasswd = 'geheim'\n")
    host.ok("config", "settings", "vnc_tls=true")
    for name in ("web", "secret"):
        host.ok("create", name)
        until(lambda: host.domain(name)["vnc"] is not None, "its door is open")  # noqa: B023
    assert come_in(host, "web") == b"QEMU (web)"
    assert come_in(host, "secret", "geheim") == b"QEMU (secret)"
    with pytest.raises(NotLetIn, match="the password is wrong"):
        come_in(host, "secret", "Geheim")
    place = host.domain("web")["vnc"]
    assert place == f"{address}:0"
    assert address in host.ok("list", "-o", "wide", "web")
    assert host.xend is not None
    host.xend.send_signal(signal.SIGKILL)
    host.xend.wait()
    with pytest.raises(ConnectionRefusedError):
        Viewer((address, 5900))
    host.start()
    until(lambda: host.domain("web")["vnc"] == place, "it is open again")
    assert come_in(host, "web") == b"QEMU (web)"
    host.ok("destroy", "web")
    with pytest.raises(ConnectionRefusedError):
        Viewer((address, 5900))
