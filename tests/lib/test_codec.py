import pytest

from xenia.lib.codec import from_plain, to_plain
from xenia.model.disk import Disk, DiskMode
from xenia.model.domain import Definition, DomainConfig, EndReason, Phase, Started
from xenia.model.vif import Vif

STARTED = Started(
    "u",
    3,
    DomainConfig("a", disks=(Disk("hda", mode=DiskMode.SHARED),), vifs=(Vif(ip=("10.0.0.1",)),)),
    Definition("/etc/xen/a.cfg", ("memory=1",)),
    ("00:16:3e:00:00:01",),
    "qemu",
    12,
    end=EndReason.CRASH,
    abi={"cpu": "max"},
)


def test_what_is_written_is_read_again():
    plain = to_plain(STARTED)
    assert plain["config"]["disks"][0]["mode"] == "w!"
    assert from_plain(Started, plain) == STARTED


def test_an_older_record_takes_defaults_and_a_newer_one_loses_what_is_unknown():
    plain = to_plain(STARTED)
    del plain["phase"], plain["config"]["policy"]
    plain["invented"] = 1
    read = from_plain(Started, plain)
    assert read.phase is Phase.STARTING
    assert read.config == STARTED.config


def test_a_domain_that_an_older_version_has_started_keeps_its_cpus():
    plain = to_plain(STARTED)
    plain["config"]["cpus"] = "2,3"
    del plain["config"]["vcpu_pins"]
    read = from_plain(Started, plain)
    assert (read.config.cpus, read.config.vcpu_pins) == ("2,3", ())


@pytest.mark.parametrize("change", [{"domid": "3"}, {"domid": True}, {"config": None}, {"phase": "x"}, {"macs": "m"}])
def test_a_member_of_the_wrong_kind_is_refused(change):
    with pytest.raises(ValueError, match=r".+"):
        from_plain(Started, to_plain(STARTED) | change)


@pytest.mark.parametrize("data", [None, [], "x", {}])
def test_what_is_no_record_at_all_is_refused(data):
    with pytest.raises(ValueError, match="not a Started"):
        from_plain(Started, data)
