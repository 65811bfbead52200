"""xendomains of Xen: how it reads guest files and lists, by its own functions. It runs xl only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.dropin.conftest import Programs

FUNCTIONS = ("rdname", "get_xsdomid", "parseln", "is_running", "check_domain_up", "all_zombies")


@pytest.fixture(params=["xl"])
def programs(programs: Programs) -> Programs:
    return programs


def _ask(programs: Programs, words: str, *arguments: str | Path) -> str:
    """What is printed by `words` of bash, after the script's own functions."""
    scripts = sorted(Path("/usr/lib").glob("xen-4.*/bin/xendomains"))
    assert scripts, "Xen's xendomains is not here; ./check --only unit installs it"
    text = scripts[-1].read_text()
    functions = [re.search(rf"^{name}\(\)\n{{\n.*?^}}$", text, re.MULTILINE | re.DOTALL) for name in FUNCTIONS]
    assert all(functions)
    (grep,) = re.findall(r"^LIST_GREP=.*$", text, re.MULTILINE)
    taken = "\n".join(["CMD=xl", "bindir=/usr/bin", grep, *(found[0] for found in functions if found)])
    said = programs.run("bash", "-c", f"{taken}\n{words}", "bash", *arguments)
    assert said.code == 0, said
    return said.out


def test_it_reads_the_name_in_a_guest_file(programs: Programs) -> None:
    file = programs.host.file("10-web", 'name = "web"\nmemory = 64\nbuilder = "hvm"\n')
    assert _ask(programs, 'rdname "$1"; echo "$NM"', file) == "web\n"


def test_it_knows_what_runs(programs: Programs) -> None:
    file = programs.host.file("web", 'name = "web"\nmemory = 64\nbuilder = "hvm"\n')
    asked = 'is_running "$1" && echo runs || echo rests; check_domain_up web && echo up || echo down'
    assert _ask(programs, asked, file) == "rests\ndown\n"
    programs.host.ok("create", str(file))
    assert _ask(programs, asked, file) == "runs\nup\n"


def test_it_finds_all_guests_with_their_ids(programs: Programs) -> None:
    for name in ("web", "db"):
        programs.host.ok("create", str(programs.host.file(name, f'name = "{name}"\nmemory = 64\nbuilder = "hvm"\n')))
    loop = """
        while read LN; do
            parseln "$LN" || continue; echo "$name $id"; name=; id=
        done < <(xl list -l | grep "$LIST_GREP")"""
    found = dict(line.split() for line in _ask(programs, loop).splitlines())
    assert found.keys() == {"Domain-0", "web", "db"}
    assert found["Domain-0"] == "0"
    assert found["web"] == str(programs.host.domain("web")["domid"])
