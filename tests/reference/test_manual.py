"""The manual pages can be read, hold what the tables hold, and are in the wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from xenia.cli.commands import TABLE
from xenia.guestfile.keys import KEYS
from xenia.reference.manual import pages
from xenia.reference.roff import Page, escaped

CHECKOUT = Path(__file__).parents[2]
PAGES = pages("2026-11-27")


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / request.param
    file.write_text(PAGES[request.param])
    return file


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    assert shutil.which(str(words[0])), f"{words[0]} is missing; ./check --only unit installs it"
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)


def test_mandoc_and_groff_have_nothing_to_say(page: Path) -> None:
    said = _run("mandoc", "-T", "lint", "-W", "warning", page)
    assert (said.stdout, said.stderr) == ("", "")
    said = _run("groff", "-man", "-Tutf8", "-ww", "-z", page)
    assert (said.stdout, said.stderr) == ("", "")


def test_man_shows_a_page(page: Path) -> None:
    said = _run("mandoc", "-T", "ascii", page)
    assert said.returncode == 0
    assert page.stem.upper() in said.stdout.splitlines()[0]


def test_every_command_and_every_key_has_its_place() -> None:
    for entry in TABLE:
        for name in [f"{entry.name} {row.name}" for row in entry.rows()] if entry.table else [entry.name]:
            assert f'\n.SS "xm {escaped(name)}' in PAGES["xm.1"], name
    assert all(escaped(key.example) in PAGES["xen-guest-file.5"] for key in KEYS.values())


@pytest.mark.parametrize("text", [".TH x", "'x", "\\fBx", "-x", ".", "a\\", "\\&", "^~`"])
def test_no_text_is_an_instruction(text: str, tmp_path: Path) -> None:
    page = Page("x", 1, "y", "2026-11-27")
    page.heading("Description")
    page.text(f"before\n{text}\nafter")
    (tmp_path / "x.1").write_text(str(page))
    said = _run("mandoc", "-T", "ascii", tmp_path / "x.1")
    assert f"before {text} after" in " ".join(said.stdout.split())


def test_the_wheel_holds_pages_and_completions(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    shared = {name.partition(".data/data/")[2] for name in zipfile.ZipFile(wheel).namelist() if ".data/data/" in name}
    assert shared == {
        "share/man/man1/xm.1",
        "share/man/man8/xend.8",
        "share/man/man8/xenia-web.8",
        "share/man/man5/xen-guest-file.5",
        "share/man/man5/xend.toml.5",
        "share/bash-completion/completions/xm",
        "share/zsh/site-functions/_xm",
        "share/fish/vendor_completions.d/xm.fish",
    }
