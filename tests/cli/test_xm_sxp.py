from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.cli.fake_xend import DOMAIN_0, UUID, domain

from xenia.cli.sxp import describe, render
from xenia.lib.codec import to_plain
from xenia.model.boot import Boot
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, EndAction, Kind, Policy
from xenia.model.vif import Vif, VifType


def read(text: str) -> Any:
    """An S-expression as lists and words, by the rules that xm's readers follow."""
    stack: list[list[Any]] = [[]]
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "(":
            stack.append([])
        elif character == ")":
            done = stack.pop()
            stack[-1].append(done)
        elif character == "'":
            word = ""
            while text[position] != "'":
                position += text[position] == "\\"
                word += text[position]
                position += 1
            position += 1
            stack[-1].append(word)
        elif not character.isspace():
            end = position
            while end < len(text) and text[end] not in "() \n'":
                end += 1
            stack[-1].append(character + text[position:end])
            position = end
    (only,) = stack
    return only[0]


def values(expression: list[Any]) -> dict[str, Any]:
    """The pairs of an expression; a pair without a value has ""."""
    return {each[0]: each[1] if len(each) > 1 else "" for each in expression if isinstance(each, list) and each}


def long_form(config: DomainConfig, **others: Any) -> list[Any]:
    answer = {
        "domain": domain(config.name, **others),
        "config": to_plain(config),
        "macs": ["00:16:3e:00:00:01", "00:16:3e:00:00:02"],
    }
    expression: list[Any] = read(render(describe(answer)))
    return expression


def test_domain_0_has_the_lines_that_xm_printed() -> None:
    lines = render(describe({"domain": DOMAIN_0, "config": None, "macs": []})).splitlines()
    assert lines[0] == "(domain"
    assert lines[-1] == ")"
    for line in (
        "(domid 0)",
        "(cpu_weight 256)",
        "(bootloader )",
        "(on_crash restart)",
        "(uuid 00000000-0000-0000-0000-000000000000)",
        "(name Domain-0)",
        "(cpus (()))",
        "(memory 1023)",
        "(state r-----)",
        "(status 2)",
        "(image (linux (kernel ) (args )))",
    ):
        assert f"    {line}" in lines


def test_each_virtual_cpu_shows_its_cpus() -> None:
    config = DomainConfig("web", vcpus=3, vcpu_pins=("2", "all"))
    assert values(long_form(config, vcpus=3))["cpus"] == [["2"], [], []]


def test_a_paravirtual_domain_shows_kernel_disks_and_cards() -> None:
    config = DomainConfig(
        "web",
        memory=512,
        cpus="0,2",
        boot=Boot(kernel="/boot/vmlinuz", ramdisk="/boot/initrd", root="/dev/xvda1 ro", extra="quiet"),
        disks=(
            Disk("xvda", "/srv/web.img"),
            Disk("xvdb", "vg/web", DiskSource.BLOCK, mode=DiskMode.SHARED),
            Disk("hdc", "", DiskSource.EMPTY, bus=DiskBus.IDE, cdrom=True, mode=DiskMode.READ_ONLY),
            Disk("xvdc", "/srv/w.qcow2", format=DiskFormat.QCOW2),
        ),
        vifs=(Vif(VifType.PARAVIRTUAL, bridge="br0"), Vif(model="e1000", rate="10Mb/s")),
        policy=Policy(on_crash=EndAction.PRESERVE),
    )
    expression = long_form(config, kind="pv", vnc="127.0.0.1:1")
    pairs = values(expression)
    assert pairs["on_crash"] == "preserve"
    assert pairs["cpus"] == [["0", "2"]]
    image = values(pairs["image"])
    assert pairs["image"][0] == "linux"
    assert image["args"] == "root=/dev/xvda1 ro quiet"
    assert image["ramdisk"] == "/boot/initrd"
    devices = [each[1] for each in expression if each[0] == "device"]
    assert [device[0] for device in devices] == ["vif", "vif", "vbd", "vbd", "vbd", "vbd", "console", "vfb"]
    assert values(devices[0])["mac"] == "00:16:3e:00:00:01"
    assert values(devices[1])["model"] == "e1000"
    assert [values(device).get("uname") for device in devices[2:6]] == [
        "file:/srv/web.img",
        "phy:vg/web",
        "",
        "tap:qcow2:/srv/w.qcow2",
    ]
    assert values(devices[4])["dev"] == "hdc:cdrom"


def test_an_unmodified_guest_shows_its_platform() -> None:
    config = DomainConfig("xp", Kind.HVM, boot=Boot(order="dc"), display=Display(VgaModel.STANDARD, vnc=True))
    image = values(long_form(config))["image"]
    assert image[0] == "hvm"
    assert values(image) | {"boot": "dc", "acpi": "1", "stdvga": "1", "vnc": "1", "usb": "0"} == values(image)


def test_a_line_that_is_too_long_is_broken_member_by_member() -> None:
    long = ["domain", ["device", ["vif", ["bridge", "x" * 40], ["script", "/etc/xen/scripts/vif-bridge"]]]]
    assert render(long).splitlines()[1:4] == ["    (device", "        (vif", f"            (bridge {'x' * 40})"]


@given(st.text())
def test_any_name_is_one_word_again_and_nothing_of_it_acts_on_a_terminal(name: str) -> None:
    text = render(describe({"domain": {**DOMAIN_0, "name": name, "uuid": UUID}, "config": None}))
    assert text.replace("\n", "").isprintable()
    word = values(read(text))["name"]
    if name.isprintable():
        assert word == name
