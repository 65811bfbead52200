"""Scripts of the administrator's: which are run, and what they are told."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.support.waiting import until

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.vif import Vif, Way
from xenia.network.scripts import Scripts, environment_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "scripts"
    folder.mkdir(mode=0o755)
    write(folder / "vif-own", "exit 0")
    return folder


def write(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def refused(folder: Path, vif: Vif, *, trusted: bool = True) -> tuple[ErrorKind, str]:
    with pytest.raises(XeniaError) as caught:
        Scripts((folder,)).find(vif, trusted=trusted)
    return caught.value.kind, caught.value.message


def test_a_script_is_named_alone_or_by_its_path(folder: Path) -> None:
    for script in ("vif-own", f"{folder}/vif-own"):
        assert Vif(script=script).way is Way.SCRIPT
        assert Scripts((folder,)).find(Vif(script=script), trusted=False) == folder / "vif-own"


@pytest.mark.parametrize(
    ("script", "way"),
    [
        ("vif-bridge", Way.BRIDGE),
        ("/etc/xen/scripts/vif-route", Way.ROUTE),
        ("vif-route netdev=eth1", Way.ROUTE),
        ("/usr/local/scripts/vif-route", Way.SCRIPT),
        ("vif-own", Way.SCRIPT),
    ],
)
def test_what_xen_names_is_ours(script: str, way: Way) -> None:
    assert Vif(script=script).way is way


@pytest.mark.parametrize(
    "script",
    ["../vif-own", "sub/vif-own", "/nonexistent/../{folder}/vif-own", "{folder}/sub/../vif-own", "-rf", "", "vif own"],
)
def test_what_is_no_name_of_a_script_is_invalid(folder: Path, script: str) -> None:
    assert refused(folder, Vif(script=script.format(folder=folder)))[0] is ErrorKind.INVALID


def test_what_lies_elsewhere_is_not_run(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "vif-outside", "exit 0")
    assert refused(folder, Vif(script=f"{tmp_path}/vif-outside"))[0] is ErrorKind.DENIED
    (folder / "vif-link").symlink_to(tmp_path / "vif-outside")
    assert "leads out of its folder" in refused(folder, Vif(script="vif-link"))[1]
    (folder / "vif-alias").symlink_to("vif-own")
    assert Scripts((folder,)).find(Vif(script="vif-alias"), trusted=False)
    assert refused(folder, Vif(script="vif-missing"))[0] is ErrorKind.NOT_FOUND
    (folder / "vif-dangling").symlink_to("nothing")
    assert refused(folder, Vif(script="vif-dangling"))[0] is ErrorKind.NOT_FOUND


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_others_may_change_is_not_run(folder: Path) -> None:
    path = folder / "vif-own"
    os.chown(path, 54321, 0)
    assert "can be changed by others than root" in refused(folder, Vif(script="vif-own"))[1]
    os.chown(path, 0, 0)
    for each in (path, folder):
        mode = stat.S_IMODE(each.stat().st_mode)
        each.chmod(mode | stat.S_IWOTH)
        assert str(each) in refused(folder, Vif(script="vif-own"))[1]
        each.chmod(mode)
    path.chmod(0o644)
    assert "is no program" in refused(folder, Vif(script="vif-own"))[1]


def test_an_operator_has_only_scripts_for_cards_run(folder: Path) -> None:
    write(folder / "launch-all", "exit 0")
    vif = Vif(script="launch-all")
    assert Scripts((folder,)).find(vif, trusted=True)
    assert refused(folder, vif, trusted=False)[0] is ErrorKind.DENIED


@pytest.mark.parametrize("vif", [Vif(bridge="a b"), Vif(bridge="$(x)"), Vif(ip=("1.2.3.4;x",)), Vif(gateway="x")])
def test_a_script_is_not_told_words_of_shell(folder: Path, vif: Vif) -> None:
    told = Vif(script="vif-own", bridge=vif.bridge, ip=vif.ip, gateway=vif.gateway)
    assert refused(folder, told)[0] is ErrorKind.INVALID


async def test_it_is_told_what_xens_tools_tell(folder: Path, tmp_path: Path) -> None:
    write(folder / "vif-own", f'echo "$0 $*" >{tmp_path}/told; env | sort >>{tmp_path}/told')
    vif = Vif(script="vif-own", bridge="ovsbr0.10", ip=("192.0.2.7", "192.0.2.8"), gatewaydev="eth0")
    environment = environment_of(vif, "00:16:3e:00:00:01", "vif5.1-emu", 5, 1)
    await Scripts((folder,)).run(folder / "vif-own", "add", environment)
    first, *told = (tmp_path / "told").read_text().splitlines()
    assert first == f"{folder}/vif-own add type_if=tap"
    assert {
        *("vif=vif5.1", "INTERFACE=vif5.1-emu", "XENBUS_TYPE=vif", "XENBUS_PATH=backend/vif/5/1"),
        *("bridge=ovsbr0.10", "ip=192.0.2.7 192.0.2.8", "mac=00:16:3e:00:00:01", "netdev=eth0", "script=vif-own"),
    } <= set(told)
    assert not any(line.startswith(("vifname=", "PYTHON", "XENIA")) for line in told)


async def test_a_script_that_fails_is_told_in_its_last_words(folder: Path) -> None:
    write(folder / "vif-own", "echo one; printf 'no \\033[31mbridge\\n' >&2; exit 3")
    with pytest.raises(XeniaError) as caught:
        await Scripts((folder,)).run(folder / "vif-own", "online", {})
    assert caught.value.kind is ErrorKind.ENGINE_FAILED
    assert caught.value.message == f"{folder}/vif-own online failed (3): one; no \\x1b[31mbridge"


async def test_a_script_that_does_not_end_is_ended(folder: Path, tmp_path: Path) -> None:
    write(folder / "vif-own", f"echo waiting; sleep 1000 & echo $! >{tmp_path}/child; wait")
    with pytest.raises(XeniaError) as caught:
        await Scripts((folder,), seconds=2).run(folder / "vif-own", "online", {})
    assert caught.value.kind is ErrorKind.TIMED_OUT
    assert "waiting" in caught.value.message
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    # Killed it is at once; the kernel takes it from a processor when it comes to it.
    await until(lambda: not child.exists() or child.read_text().split()[2] == "Z")


async def test_what_a_script_leaves_in_the_background_is_not_waited_for(folder: Path, tmp_path: Path) -> None:
    write(folder / "vif-own", f"sleep 1000 & echo $! >{tmp_path}/child")
    await Scripts((folder,), seconds=30).run(folder / "vif-own", "online", {})
    os.kill(int((tmp_path / "child").read_text()), 9)
