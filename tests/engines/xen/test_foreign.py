"""Domains that others have started, from what xl 4.17 tells of them."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from xenia.engines.xen import foreign
from xenia.engines.xen.foreign import config_of, describe, end_waiting_xl
from xenia.engines.xen.xl import Xl
from xenia.model.boot import Boot, Firmware
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, EndAction, Kind, Phase, Policy
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.vif import Vif, VifType

UUID = "0b17a0c4-2ea1-44a9-a3e5-a1f0a1d4a3d8"
NOT_YET = 4294967295


def told(kind: str, built: dict[str, Any], **devices: Any) -> dict[str, Any]:
    """A domain as `xl list -l` prints it."""
    usual = {
        "max_vcpus": 1,
        "avail_vcpus": [0],
        "vcpu_hard_affinity": [[0, 1]],
        "numa_placement": "True",
        "max_memkb": 131072,
        "target_memkb": 131072,
        "video_memkb": 0,
        "shadow_memkb": 2048,
        "sched_params": {"sched": "credit2", "weight": 256, "cap": 0},
        "claim_mode": "True",
        "arch_arm": {},
        "arch_x86": {},
    }
    created = {"type": kind, "name": "guest", "uuid": UUID, "domid": NOT_YET, "run_hotplug_scripts": "True"}
    return {
        "domid": 7,
        "config": {"c_info": created, "b_info": usual | built, "on_reboot": "restart", "on_soft_reset": "soft_reset"}
        | devices,
    }


PV = told(
    "pv",
    {
        "max_vcpus": 4,
        "avail_vcpus": [0, 1],
        "max_memkb": 262144,
        "kernel": "/boot/vmlinuz-6.1.0-9-amd64",
        "ramdisk": "/boot/initrd.img-6.1.0-9-amd64",
        "cmdline": "root=/dev/xvda1 ro",
        "type.pv": {},
    },
    disks=[
        {"pdev_path": "/dev/vg/guest", "vdev": "xvda", "backend": "phy", "format": "raw", "readwrite": 1},
        {"pdev_path": "/images/b.qcow2", "vdev": "xvdb", "backend": "qdisk", "format": "qcow2", "readwrite": 0},
    ],
    nics=[{"devid": 0, "mac": "00:16:3e:00:00:01", "bridge": "xenbr0", "script": "vif-bridge", "nictype": "vif"}],
    vfbs=[
        {
            "devid": 0,
            "vnc": {"enable": "True", "listen": "192.0.2.9", "passwd": "sesame", "display": 3, "findunused": "False"},
            "sdl": {"enable": "False", "opengl": "False"},
        }
    ],
    vkbs=[{"devid": 0, "feature_disable_keyboard": False}],
    on_crash="preserve",
)

HVM = told(
    "hvm",
    {
        "device_model_version": "qemu_xen",
        "type.hvm": {
            "bios": "seabios",
            "firmware": None,
            "pae": "True",
            "apic": "True",
            "acpi": "True",
            "vga": {"kind": "cirrus"},
            "vnc": {"enable": "True", "listen": "127.0.0.1", "findunused": "True"},
            "sdl": {"enable": "False"},
            "spice": {},
            "boot": "dc",
            "usb": "True",
            "usbdevice": "tablet",
            "serial": "pty",
            "soundhw": "ac97",
            "rdm": {},
        },
    },
    disks=[
        {"pdev_path": "/images/a.img", "vdev": "hda", "backend": "qdisk", "format": "raw", "readwrite": 1},
        {
            "pdev_path": "/images/x.iso",
            "vdev": "hdc",
            "backend": "qdisk",
            "format": "raw",
            "removable": 1,
            "is_cdrom": 1,
        },
        {"pdev_path": "", "vdev": "hdd", "backend": "qdisk", "format": "empty", "removable": 1, "is_cdrom": 1},
        {"pdev_path": "/images/s.vhd", "vdev": "sda", "backend": "qdisk", "format": "vhd", "readwrite": 1},
    ],
    nics=[
        {
            "devid": 0,
            "model": "e1000",
            "mac": "00:16:3e:00:00:02",
            "bridge": "lan",
            "ifname": "mail0",
            "ip": "192.0.2.1 192.0.2.2",
            "script": "/etc/xen/scripts/vif-bridge",
            "nictype": "vif_ioemu",
        },
        {"devid": 1, "mac": "00:16:3e:00:00:03", "nictype": "vif"},
    ],
    on_poweroff="rename_restart",
)

PVH = told("pvh", {"kernel": "/boot/vmlinuz", "bootloader": "/usr/lib/xen-4.17/bin/pygrub", "type.pvh": {}})


def config(domain: dict[str, Any]) -> DomainConfig:
    return config_of(domain["config"], "guest")


def test_a_pv_guest_with_a_framebuffer() -> None:
    found = config(PV)
    assert (found.name, found.kind, found.uuid) == ("guest", Kind.PV, UUID)
    assert (found.memory, found.max_memory, found.vcpus, found.max_vcpus) == (128, 256, 2, 4)
    assert found.boot == Boot(
        kernel="/boot/vmlinuz-6.1.0-9-amd64", ramdisk="/boot/initrd.img-6.1.0-9-amd64", extra="root=/dev/xvda1 ro"
    )
    assert found.disks == (
        Disk("xvda", "/dev/vg/guest", DiskSource.BLOCK),
        Disk("xvdb", "/images/b.qcow2", format=DiskFormat.QCOW2, mode=DiskMode.READ_ONLY, item=1),
    )
    assert found.vifs == (Vif(VifType.PARAVIRTUAL, "00:16:3e:00:00:01", "xenbr0", script="vif-bridge"),)
    assert found.display == Display(
        vnc=True, vnc_listen="192.0.2.9", vnc_display=3, vnc_unused=False, vnc_password="sesame"
    )
    assert found.policy == Policy(EndAction.DESTROY, EndAction.RESTART, EndAction.PRESERVE)


def test_an_hvm_guest_with_everything() -> None:
    found = config(HVM)
    assert (found.kind, found.memory, found.max_memory) == (Kind.HVM, 128, None)
    assert found.boot == Boot(order="dc", firmware=Firmware.BIOS)
    assert found.disks == (
        Disk("hda", "/images/a.img", bus=DiskBus.IDE),
        Disk("hdc", "/images/x.iso", bus=DiskBus.IDE, mode=DiskMode.READ_ONLY, cdrom=True, item=1),
        Disk("hdd", "", DiskSource.EMPTY, bus=DiskBus.IDE, mode=DiskMode.READ_ONLY, cdrom=True, item=2),
        Disk("sda", "/images/s.vhd", format=DiskFormat.VHD, bus=DiskBus.SCSI, item=3),
    )
    assert found.vifs == (
        Vif(
            VifType.EMULATED,
            "00:16:3e:00:00:02",
            "lan",
            "e1000",
            "/etc/xen/scripts/vif-bridge",
            ("192.0.2.1", "192.0.2.2"),
            vifname="mail0",
        ),
        Vif(VifType.PARAVIRTUAL, "00:16:3e:00:00:03", item=1),
    )
    assert found.display == Display(VgaModel.CIRRUS, vnc=True, vnc_listen="127.0.0.1")
    assert (found.platform.usb, found.platform.usb_devices) == (True, ("tablet",))
    assert (found.platform.serial, found.platform.sound) == (("pty",), "ac97")
    assert found.policy.on_poweroff is EndAction.RENAME_RESTART


def test_a_pvh_guest_has_no_display() -> None:
    found = config(PVH)
    assert (found.kind, found.display, found.disks, found.vifs) == (Kind.PVH, Display(), (), ())
    assert found.boot.bootloader == "/usr/lib/xen-4.17/bin/pygrub"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"vnc": {"enable": "False"}}, Display(VgaModel.CIRRUS)),
        (
            {"vnc": {"enable": "True", "findunused": "False"}},
            Display(VgaModel.CIRRUS, vnc=True, vnc_display=0, vnc_unused=False),
        ),
        (
            {"vga": {"kind": "std"}, "vnc": {"enable": "True", "display": 2}},
            Display(VgaModel.STANDARD, vnc=True, vnc_display=2),
        ),
        ({"vga": {"kind": "none"}, "vnc": {}}, Display()),
    ],
)
def test_truth_is_a_word_and_what_is_left_out_has_its_default(changes: dict[str, Any], expected: Display) -> None:
    hvm = HVM["config"]["b_info"]["type.hvm"] | changes
    assert config(told("hvm", {"type.hvm": hvm})).display == expected


def test_several_serial_ports_and_usb_devices() -> None:
    hvm = {"serial_list": ["pty", "/dev/ttyS0"], "usbdevice_list": ["tablet", "mouse"], "bios": "ovmf"}
    found = config(told("hvm", {"type.hvm": hvm}))
    assert found.platform.serial == ("pty", "/dev/ttyS0")
    assert found.platform.usb_devices == ("tablet", "mouse")
    assert found.boot.firmware is Firmware.UEFI


@pytest.fixture
def xl(tmp_path: Path) -> Callable[[str], Xl]:
    """An xl that prints this."""

    def make(text: str) -> Xl:
        (tmp_path / "text").write_text(text)
        (tmp_path / "xl").write_text(f'#!/bin/sh\n[ "$*" = "list -l 7" ] && cat {tmp_path}/text\n')
        (tmp_path / "xl").chmod(0o755)
        return Xl(str(tmp_path / "xl"))

    return make


@pytest.mark.parametrize("domain", [PV, HVM, PVH])
async def test_a_domain_is_described_as_if_it_had_been_started_here(
    domain: dict[str, Any], xl: Callable[[str], Xl]
) -> None:
    started = await describe(7, UUID, "guest", 12.5, xl(json.dumps([domain], indent=4)))
    assert (started.uuid, started.domid, started.engine, started.started_at) == (UUID, 7, "xen", 12.5)
    assert (started.phase, started.foreign, started.trusted) == (Phase.RUNNING, True, True)
    assert started.config == config(domain)
    assert started.macs == tuple(vif.mac for vif in started.config.vifs)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "[1]",
        "[{}]",
        "{}",
        '[{"config": []}]',
        '[{"config": {"c_info": {}}}]',
        '[{"config": {"c_info": {"type": "new"}, "b_info": {}}}]',
        '[{"config": {"c_info": {"type": "pv"}, "b_info": {"max_memkb": "much"}}}]',
        '[{"config": {"c_info": {"type": "pv"}, "b_info": {}, "disks": [{}]}}]',
        json.dumps([PV, PV]),
        json.dumps([PV])[:-100],
    ],
)
async def test_what_cannot_be_understood_is_said_so(
    text: str, xl: Callable[[str], Xl], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "_LOOK_AGAIN", 0)
    monkeypatch.setattr(foreign, "_ATTEMPTS", 3)
    with pytest.raises(XeniaError, match=r"what xl tells of domain 'guest' \(id 7\) cannot be understood") as caught:
        await describe(7, UUID, "guest", 0, xl(text))
    assert caught.value.kind is ErrorKind.ENGINE_FAILED


async def test_a_domain_that_is_still_being_built_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "_LOOK_AGAIN", 0)
    (tmp_path / "text").write_text(json.dumps([PV]))
    script = f'#!/bin/sh\ncd {tmp_path}\nif [ -e asked ]; then cat text; else touch asked; echo "[ ]"; fi\n'
    (tmp_path / "xl").write_text(script)
    (tmp_path / "xl").chmod(0o755)
    started = await describe(7, UUID, "guest", 0, Xl(str(tmp_path / "xl")))
    assert started.config == config(PV)


Waiting = Callable[[str, str], "subprocess.Popen[bytes]"]


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    """A process that is called so and has this log as its output."""
    with ExitStack() as running:

        def start(program: str, log: str) -> subprocess.Popen[bytes]:
            with (tmp_path / log).open("wb") as output:
                process = subprocess.Popen([program, "600"], executable="/bin/sleep", stdout=output)
            running.callback(process.wait)
            running.callback(process.kill)
            while not Path(f"/proc/{process.pid}/cmdline").read_bytes():
                pass  # the kernel has not written it yet
            return process

        yield start


def test_the_xl_that_waits_for_a_domain_is_ended(waiting: Waiting, tmp_path: Path) -> None:
    meant, other = waiting("/usr/sbin/xl", "xl-guest.log"), waiting("xl", "xl-guest2.log")
    program = waiting("tail", "xl-guest.log.1")
    assert end_waiting_xl("guest", tmp_path)
    assert meant.wait(5) == -signal.SIGTERM
    assert not end_waiting_xl("guest", tmp_path)
    assert (other.poll(), program.poll()) == (None, None)


def test_it_is_found_when_its_log_was_removed(waiting: Waiting, tmp_path: Path) -> None:
    meant = waiting("xl", "xl-a.b+c.log")
    (tmp_path / "xl-a.b+c.log").unlink()
    assert end_waiting_xl("a.b+c", tmp_path)
    assert meant.wait(5) == -signal.SIGTERM


def test_another_program_with_that_log_is_left_alone(waiting: Waiting, tmp_path: Path) -> None:
    other = waiting("tail", "xl-guest.log")
    assert not end_waiting_xl("guest", tmp_path)
    assert other.poll() is None
