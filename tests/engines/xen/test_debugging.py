"""Which words xl is told, and what is refused before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from xenia.engines.xen import debugging
from xenia.engines.xen.debugging import ask_device_model, read_log, send, send_debug_keys
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.xl import Xl
from xenia.model.domain import Kind, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.signal import Trigger

WEB = Guest("uuid", 3, "web", Kind.PV, State.RUNNING)


@pytest.fixture
def said(tmp_path: Path) -> Path:
    return tmp_path / "said"


@pytest.fixture
def xl(tmp_path: Path, said: Path) -> Xl:
    """An xl that keeps what it was told and answers `(XEN)`."""
    path = tmp_path / "xl"
    path.write_text(f"#!/bin/sh\nprintf '%s|' \"$@\" >> {said}\necho '(XEN)'\n")
    path.chmod(0o755)
    return Xl(str(path))


@pytest.mark.parametrize(
    ("trigger", "vcpu", "kind", "words"),
    [
        (Trigger.NMI, None, Kind.PV, "trigger|3|nmi|0|"),
        (Trigger.NMI, 2, Kind.PVH, "trigger|3|nmi|2|"),
        (Trigger.POWER, None, Kind.HVM, "trigger|3|power|0|"),
        (Trigger.SLEEP, None, Kind.HVM, "trigger|3|sleep|0|"),
        (Trigger.S3RESUME, None, Kind.HVM, "trigger|3|s3resume|0|"),
    ],
)
async def test_signals_are_xls(xl: Xl, said: Path, trigger: Trigger, vcpu: int | None, kind: Kind, words: str) -> None:
    assert await send(xl, replace(WEB, kind=kind), trigger, vcpu) == ""
    assert said.read_text() == words


@pytest.mark.parametrize(
    ("trigger", "kind", "hint"),
    [
        (Trigger.INIT, Kind.HVM, "xm reset"),
        (Trigger.POWER, Kind.PV, "xm shutdown web"),
        (Trigger.SLEEP, Kind.PVH, "xm shutdown web"),
        (Trigger.S3RESUME, Kind.PV, "xm shutdown web"),
    ],
)
async def test_a_signal_that_there_is_not_is_refused_with_the_way_out(
    xl: Xl, said: Path, trigger: Trigger, kind: Kind, hint: str
) -> None:
    with pytest.raises(XeniaError) as raised:
        await send(xl, replace(WEB, kind=kind), trigger, None)
    assert raised.value.kind is ErrorKind.INVALID
    assert hint in (raised.value.hint or "")
    assert not said.exists()


async def test_only_a_domain_with_a_device_model_has_a_monitor(
    xl: Xl, said: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debugging, "_MONITORS", tmp_path)
    with pytest.raises(XeniaError, match="no device model") as raised:
        await ask_device_model(xl, WEB, "info status")
    assert raised.value.kind is ErrorKind.CONFLICT
    (tmp_path / "qmp-libxl-3").touch()
    assert await ask_device_model(xl, WEB, "info status") == "(XEN)\n"
    assert said.read_text() == "qemu-monitor-command|3|info status|"


async def test_debug_keys_and_messages_are_xls(xl: Xl, said: Path) -> None:
    await send_debug_keys(xl, "hq")
    assert await read_log(xl, clear=False) == await read_log(xl, clear=True) == "(XEN)\n"
    assert said.read_text() == "debug-keys|hq|dmesg|dmesg|-c|"
