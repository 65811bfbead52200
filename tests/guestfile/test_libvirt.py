"""libvirt's XML, both ways: against what libvirt's own tests take each file for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.guestfile.corpus import CORPUS, needs_corpus, text_of

from xenia.guestfile.libvirt.read import is_domain_xml, read_libvirt
from xenia.guestfile.libvirt.write import to_libvirt
from xenia.guestfile.read import read
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, Kind, Platform

_FACTS = [(path.stem, json.loads(path.read_text())) for path in sorted((CORPUS / "facts").glob("*/*.json"))]


def cases(*directions: str) -> list[object]:
    return [pytest.param(facts, id=name) for name, facts in _FACTS if facts["direction"] in directions]


def comparable(config: DomainConfig | None) -> DomainConfig:
    """Without the keys that no field holds, and with the kernel's words as one: XML has no root= beside the others."""
    assert config is not None
    boot = replace(config.boot, root=None, extra=config.boot.command_line or None)
    most = config.max_memory if (config.max_memory or 0) > config.memory else None
    return replace(config, boot=boot, max_memory=most, other={})


@needs_corpus
@pytest.mark.parametrize("facts", cases("both", "xml->cfg"))
def test_xml_means_what_libvirts_guest_file_means(facts: dict[str, str]) -> None:
    xml, cfg = CORPUS / facts["xml"], CORPUS / facts["cfg"]
    found = read_libvirt(text_of(xml), file=str(xml))
    assert comparable(found.config) == comparable(read(text_of(cfg), file=str(cfg)).config), found.complaints


@needs_corpus
@pytest.mark.parametrize("facts", cases("both", "cfg->xml"))
def test_a_guest_file_becomes_xml_that_means_the_same(facts: dict[str, str]) -> None:
    cfg = CORPUS / facts["cfg"]
    config = read(text_of(cfg), file=str(cfg)).config
    assert config is not None
    written = to_libvirt(config)
    again = read_libvirt(written.text, file="x.xml")
    assert comparable(again.config) == comparable(config), (written.text, again.complaints)


def test_xml_is_told_from_guest_files() -> None:
    assert is_domain_xml("\ufeff\n<domain/>")
    assert not is_domain_xml("name = '<a>'")
    assert not is_domain_xml("")


KVM = """\
<domain type='kvm'>
  <name>web</name>
  <memory unit='GiB'>2</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-8.2'>hvm</type>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <cpu mode='host-passthrough'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/>
      <source file='/srv/web, new.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='network' device='disk'>
      <source protocol='rbd' name='pool/image'/>
      <target dev='vdb' bus='virtio'/>
    </disk>
    <controller type='usb' index='0' model='none'/>
    <interface type='network'>
      <mac address='52:54:00:12:34:56'/>
      <source network='default'/>
      <model type='virtio'/>
    </interface>
    <graphics type='spice' autoport='yes'/>
    <channel type='spicevmc'/>
  </devices>
</domain>
"""


def test_a_domain_of_kvm_is_read_and_what_is_lost_is_told_where_it_stands() -> None:
    reading = read_libvirt(KVM, file="web.xml")
    config = reading.config
    assert config is not None
    assert (config.name, config.kind, config.memory, config.vcpus) == ("web", "hvm", 2048, 2)
    assert (config.disks[0].path, config.disks[0].bus) == ("/srv/web, new.qcow2", "virtio")
    assert (config.vifs[0].mac, config.vifs[0].bridge, config.vifs[0].model) == ("52:54:00:12:34:56", None, "virtio")
    assert (config.platform.pae, config.display.vnc) == (True, False)
    assert [(each.line, each.message) for each in reading.complaints] == [
        (13, "lost: <cpu>: guest files have no word for it"),
        (17, "lost: cache='none' of <driver>: guest files have no word for it"),
        (21, "lost: the network disk vdb: guest files have no word for it"),
        (28, "lost: the network default: the card gets the host's default network"),
        (31, "lost: the display over spice: VNC is offered instead"),
        (32, "lost: <channel> of devices: guest files have no word for it"),
    ]
    assert reading.complaints[0].text == "  <cpu mode='host-passthrough'/>"


def test_words_of_the_command_line_count_more_than_the_xml() -> None:
    config = read_libvirt(KVM, file="web.xml", overrides=["memory=512"]).config
    assert config is not None
    assert config.memory == 512


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("<domain", 1, "this is no XML: unclosed token"),
        ("<domain>\n</wrong>", 2, "this is no XML: mismatched tag"),
        ("<network><name>a</name></network>", 1, "<network> is no <domain>: virsh dumpxml NAME prints one"),
        ('<!DOCTYPE domain [<!ENTITY a SYSTEM "file:///etc/passwd">]><domain/>', 1, "a document type"),
        ("<domain><name>a</name><memory unit='cubits'>3</memory></domain>", 1, "3 cubits is no size of memory"),
        ("<domain><name>a</name><memory>-1</memory></domain>", 1, "-1 KiB is no size of memory"),
        ("<domain><name>a</name><os><type>exe</type></os></domain>", 1, "the kind of guest exe is not known"),
        ("<domain><name>../a</name></domain>", 1, "'../a' cannot be a name: it has a / in it"),
        ("<domain>\n<name>a</name>\n<vcpu>many</vcpu></domain>", 3, "vcpus takes a number, not 'many'"),
        ("<domain>\0</domain>", 1, "there is a NUL byte here: this is no text file"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(text: str, line: int, message: str) -> None:
    reading = read_libvirt(text, file="x.xml")
    assert reading.config is None
    errors = [complaint for complaint in reading.complaints if complaint.severity == "error"]
    assert errors[0].line == line
    assert message in errors[0].message


def test_a_mac_of_a_wrong_card_is_complained_about_at_the_card() -> None:
    text = KVM.replace("52:54:00:12:34:56", "01:00:5e:00:00:01")
    errors = [each for each in read_libvirt(text, file="x.xml").complaints if each.severity == "error"]
    assert [(each.line, each.key) for each in errors] == [(26, "vif[0]")]


@pytest.mark.parametrize(
    "word",
    ["pty", "null", "file:/tmp/log", "pipe:/tmp/pipe", "unix:/tmp/socket", "/dev/ttyS0", "tcp:127.0.0.1:7777",
     "telnet::7777,server,nowait", "udp:127.0.0.1:99@0.0.0.0:98", "udp::99"],
)  # fmt: skip
def test_character_devices_go_there_and_back(word: str) -> None:
    config = DomainConfig("a", kind=Kind.HVM, platform=Platform(serial=(word,)))
    written = to_libvirt(config)
    assert written.lost == ()
    again = read_libvirt(written.text, file="x.xml").config
    assert again is not None
    assert again.platform.serial == (word,)


def test_a_screen_over_rdp_is_lost_with_a_word_and_the_screen_stays() -> None:
    written = to_libvirt(DomainConfig("a", kind=Kind.HVM, display=Display(VgaModel.CIRRUS, vnc=True, rdp=True)))
    assert written.lost == ("rdp = 1: libvirt has no word for a view of VNC over RDP",)
    again = read_libvirt(written.text, file="x.xml").config
    assert again is not None
    assert again.display == Display(VgaModel.CIRRUS, vnc=True)


def test_devices_of_the_host_go_there_and_back() -> None:
    other = {"pci": ["0000:01:1a.1", "0000:02:00.0,permissive=1"], "usbdev": ["hostbus=1,hostaddr=3"]}
    written = to_libvirt(DomainConfig("a", kind=Kind.HVM, other=other))
    assert written.lost == ()
    again = read_libvirt(written.text, file="x.xml").config
    assert again is not None
    assert again.other == other


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(KVM)), st.integers(0, 40), st.text(max_size=6)), max_size=4))
def test_no_xml_however_broken_is_more_than_complained_about(changes: list[tuple[int, int, str]]) -> None:
    text = KVM
    for at, length, new in changes:
        text = text[:at] + new + text[at + length :]
    reading = read_libvirt(text, file="x.xml")
    assert reading.config is not None or reading.complaints
    if reading.config is not None:
        to_libvirt(reading.config)


def test_many_devices_are_read_and_told_in_bounded_space() -> None:
    text = KVM.replace("  <devices>", "  <devices>" + "<disk type='file'/><tpm/>" * 20_000)
    reading = read_libvirt(text, file="x.xml")
    assert reading.config is None
    assert len(reading.complaints) <= 100


def test_cpus_of_one_virtual_cpu_each() -> None:
    xml = """<domain type='xen'><name>a</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>
<vcpu cpuset='0-7'>3</vcpu>
<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='2' cpuset='3-4,^4'/></cputune></domain>"""
    config = read_libvirt(xml, file="a.xml").config
    assert config is not None
    assert (config.cpus, config.vcpu_pins) == (None, ("2", "0-7", "3-4,^4"))
    pins = to_libvirt(replace(config, vcpu_pins=("2", "all", "3"))).text
    assert pins.count("<vcpupin") == 2


@pytest.mark.parametrize("number", ["", "x", "-1", "4096", "9" * 40])
def test_a_pin_of_no_virtual_cpu_is_refused(number: str) -> None:
    xml = f"<domain><name>a</name><vcpu>2</vcpu>\n<cputune><vcpupin vcpu='{number}' cpuset='2'/></cputune></domain>"
    reading = read_libvirt(xml, file="a.xml")
    assert reading.config is None
    assert [each.line for each in reading.complaints if "is no number of a virtual CPU" in each.message] == [2]
