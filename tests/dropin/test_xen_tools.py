"""xen-tools: the guest files that xen-create-image writes, and what its other programs ask xm."""

from __future__ import annotations

import json

import pytest
from tests.dropin.conftest import Programs
from tests.dropin.debian import unpacked

from xenia.guestfile.read import read
from xenia.model.domain import DomainConfig, Kind

IMAGES = {
    "NUMPARTITIONS": "2",
    "PARTITION1": "swap:256M:swap:none:none:file::/srv/domains/web/swap.img",
    "PARTITION2": "disk:4G:ext4:/:noatime:file::/srv/domains/web/disk.img",
}
LVM = {
    "lvm": "/dev/vg0",
    "NUMPARTITIONS": "2",
    "PARTITION1": "swap:256M:swap:none:none:phy::/dev/vg0/web-swap",
    "PARTITION2": "root:4G:ext4:/:noatime:phy::/dev/vg0/web-root",
}
USUAL = {"hostname": "web", "memory": "512Mb", "vcpus": "2", "mac": "00:16:3E:AA:BB:CC", "dir": "/srv", "dhcp": "1"}
KERNEL = {"kernel": "/boot/vmlinuz-6.1.0-18-amd64", "initrd": "/boot/initrd.img-6.1.0-18-amd64"}


@pytest.fixture
def perl() -> dict[str, str]:
    """Where Perl finds xen-tools, and what that needs."""
    packages = ("xen-tools", "libfile-which-perl", "libtext-template-perl")
    return {"PERL5LIB": ":".join(str(unpacked(package) / "usr/share/perl5") for package in packages)}


def _written(programs: Programs, perl: dict[str, str], **given: str) -> tuple[str, DomainConfig]:
    """A guest file as xen-create-image has it written, and what it means here."""
    tools = unpacked("xen-tools")
    said = programs.run(
        *("perl", tools / "usr/bin/xt-create-xen-config", f"--output={programs.folder}"),
        f"--template={tools}/etc/xen-tools/xm.tmpl",
        **perl,
        **USUAL,
        **given,
    )
    assert said.code == 0, said
    text = (programs.folder / "web.cfg").read_text()
    reading = read(text, file="web.cfg")
    assert reading.config is not None, (text, reading.complaints)
    assert reading.complaints == (), (text, reading.complaints)
    return text, reading.config


@pytest.mark.parametrize(("disks", "first"), [(IMAGES, "/srv/domains/web/disk.img"), (LVM, "/dev/vg0/web-root")])
def test_a_guest_with_a_kernel_of_the_host(
    programs: Programs, perl: dict[str, str], disks: dict[str, str], first: str
) -> None:
    _, config = _written(programs, perl, **KERNEL, **disks)
    assert (config.name, config.kind, config.memory, config.vcpus) == ("web", Kind.PV, 512, 2)
    assert (config.boot.kernel, config.boot.root) == (KERNEL["kernel"], "/dev/xvda2 ro")
    assert config.disks[0].path == first
    assert [disk.target for disk in config.disks] == ["xvda2", "xvda1"]
    assert config.vifs[0].mac == "00:16:3e:aa:bb:cc"


def test_a_guest_with_a_kernel_of_its_own_and_addresses(programs: Programs, perl: dict[str, str]) -> None:
    more = {"pygrub": "1", "maxmem": "1Gb", "ip1": "192.0.2.7", "bridge": "xenbr0", "vifname": "web.0"}
    _, config = _written(programs, perl, **IMAGES, **more)
    assert (config.boot.bootloader, config.max_memory) == ("pygrub", 1024)
    assert config.vifs[0].bridge == "xenbr0"


def test_its_files_are_listed_by_xen_list_images_and_by_xm(programs: Programs, perl: dict[str, str]) -> None:
    text, _ = _written(programs, perl, **KERNEL, **IMAGES)
    programs.host.file("web", text)
    folder = programs.host.root / "etc/xen"
    listed = programs.run("perl", unpacked("xen-tools") / "usr/bin/xen-list-images", f"--test={folder}", **perl)
    assert listed.code == 0, listed
    assert "Name: web\nMemory: 512 MB\n" in listed.out
    (row,) = [row for row in json.loads(programs.host.ok("list", "--all", "-o", "json")) if row["name"] == "web"]
    assert (row["memory"], row["state"], row["problem"]) == (512, "defined", "")


def test_it_knows_whether_a_guest_runs(programs: Programs, perl: dict[str, str]) -> None:
    """Before it deletes or changes an image; a guest that only is defined does not run."""
    file = programs.host.file("web", 'name = "web"\nmemory = 64\nbuilder = "hvm"\n')
    ask = "print xenRunning('web', {xm => findXenToolstack()})"
    assert programs.run("perl", "-MXen::Tools::Common", "-e", ask, **perl).out == "0"
    programs.host.ok("create", str(file))
    assert programs.run("perl", "-MXen::Tools::Common", "-e", ask, **perl).out == "1"
