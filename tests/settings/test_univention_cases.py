"""What univention-xen made of variables of the registry, and what our settings become: one case each."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from xenia.lib.paths import Paths
from xenia.settings.load import load
from xenia.settings.old_variables import FATES
from xenia.settings.settings import SETTINGS

FOLDER = Path(__file__).parents[3] / "shared" / "corpus" / "univention"

EXPECTED: dict[str, dict[str, Any]] = {
    "defaults": {},
    "no bridge script": {"bridge.interface": "none"},
    "eth1, vnc open": {"bridge.interface": "eth1", "vnc_listen": "0.0.0.0", "vnc_password": "univention"},  # noqa: S104
    "uvmm node": {"bridge.interface": "none"},
    "migration with ssl": {
        "relocation.server": True,
        "relocation.port": 9003,
        "relocation.hosts_allow": r"^localhost$ ^.*\.example\.org$",
    },
}

needs_corpus = pytest.mark.skipif(not FOLDER.is_dir(), reason="the collection (../shared/corpus) is not here")


def cases() -> list[Any]:
    return json.loads((FOLDER / "xend-config-cases.json").read_text())["cases"] if FOLDER.is_dir() else []


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_settings_of_the_registry(case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNIVENTION_BASECONF", raising=False)
    file = tmp_path / "etc/univention/base.conf"
    file.parent.mkdir(parents=True)
    lines = "".join(f"{name}: {value}\n" for name, value in case["ucr"].items())
    file.write_text(f"# univention_ base.conf\n\n{lines}")
    found = load(Paths(tmp_path), {})
    wanted = {name: row.default for name, row in SETTINGS.items()} | EXPECTED[case["name"]]
    for name, row in SETTINGS.items():
        if name != "roots":
            assert getattr(found.settings, row.member) == wanted[name], name
    assert found.remarks == ()
    told = {each.name for each in found.variables} | {SETTINGS[name].variable for name in EXPECTED[case["name"]]}
    assert told == set(case["ucr"])


@needs_corpus
def test_every_variable_of_univention_xen_is_a_setting_or_is_explained() -> None:
    with (FOLDER / "ucr-variables.tsv").open() as table:
        names = {row["variable"] for row in csv.DictReader(table, delimiter="\t")}
    known = {row.variable for row in SETTINGS.values()} | set(FATES)
    assert names - known == {"kernel/modules"}  # Xen's modules of that kernel; loaded by Debian's xen-utils today
