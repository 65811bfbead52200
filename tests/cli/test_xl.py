"""xm under the name xl."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import DOMAIN_0, FakeXend, domain

from xenia.cli import xl_json
from xenia.cli.xl import xm_words
from xenia.engines.xen.foreign import config_of
from xenia.guestfile.read import read
from xenia.lib.codec import to_plain

GUEST_FILE = """
name = "web"
builder = "hvm"
uuid = "0f9e8d7c-0000-4000-8000-000000000001"
memory = 512
maxmem = 1024
vcpus = 2
boot = "dc"
disk = ["file:/var/lib/xen/web.img,hda,w", "file:/iso/cd.iso,hdc:cdrom,r"]
vif = ["mac=00:16:3e:00:00:01,bridge=xenbr0,type=ioemu"]
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "preserve"
"""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("list", "list --state=running,paused,shutdown,crashed,dying"),
        ("list web", "list --state=running,paused,shutdown,crashed,dying web"),
        ("list -l web", "list --state=running,paused,shutdown,crashed,dying --output=xl web"),
        ("-vvv -f create web.cfg", "create web.cfg"),
        ("create -q --dryrun web.cfg", "create --output=xl -q --dryrun web.cfg"),
        ("shutdown -w web", "shutdown -w web"),
        ("", ""),
    ],
)
def test_the_words_of_xl_become_those_of_xm(words: str, meant: str) -> None:
    assert xm_words(words.split()) == meant.split()


def _config() -> Any:
    reading = read(GUEST_FILE, file="web.cfg")
    assert reading.config is not None
    return reading.config


def test_the_json_of_a_guest_file_says_what_the_file_says() -> None:
    config = _config()
    told = json.loads(json.dumps(xl_json.describe_config(to_plain(config))))
    again = config_of(told["config"], "web")
    for member in ("name", "kind", "uuid", "memory", "max_memory", "vcpus", "policy", "boot"):
        assert getattr(again, member) == getattr(config, member), member
    assert [(disk.target, disk.path, disk.mode, disk.cdrom) for disk in again.disks] == [
        (disk.target, disk.path, disk.mode, disk.cdrom) for disk in config.disks
    ]
    assert [(vif.mac, vif.bridge, vif.type) for vif in again.vifs] == [
        (vif.mac, vif.bridge, vif.type) for vif in config.vifs
    ]


def test_the_long_list_has_the_lines_that_scripts_look_for(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /domains?all=false"] = {"domains": [DOMAIN_0, domain()]}
    xend.routes[f"GET /domains/{DOMAIN_0['uuid']}"] = {"domain": DOMAIN_0, "config": None, "macs": []}
    answer = {"domain": domain(memory=256), "config": to_plain(_config()), "macs": ["00:16:3e:00:00:02"]}
    xend.routes[f"GET /domains/{domain()['uuid']}"] = answer
    assert xm("list", "-o", "xl") == 0
    out = capsys.readouterr().out
    assert '    {\n        "domid": 0,\n' in out
    assert '                "name": "web",\n' in out
    web = json.loads(out)[1]
    assert (web["domid"], web["config"]["b_info"]["target_memkb"]) == (3, 256 << 10)
    assert web["config"]["nics"][0]["mac"] == "00:16:3e:00:00:02"


def test_a_start_is_not_told_as_xl_would(xm: Xm, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "web.cfg").write_text(GUEST_FILE)
    assert xm("create", "-o", "xl", "web.cfg") == 2
    assert "--dryrun" in capsys.readouterr().err


def test_a_link_of_that_name_is_xl(xend: FakeXend, root: Path) -> None:
    xend.routes["GET /domains?all=false"] = {"domains": [domain("new", None, state="starting"), domain()]}
    program = root / "xm"
    program.write_text(f"#!{sys.executable}\nimport sys\nfrom xenia.cli.main import main\nsys.exit(main())\n")
    program.chmod(0o755)
    (root / "xl").symlink_to(program)
    environment = {**os.environ, "XENIA_ROOT": str(root), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [root / "xl", "-v", "list"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["Name", "web"]
    done = subprocess.run(
        [root / "xm", "list"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["Name", "new", "web"]
