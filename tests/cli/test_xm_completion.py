"""What xm offers when Tab is pressed, and that real shells show it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import DOMAIN_0, Answer, FakeXend, domain
from tests.support.terminal import Terminal

from xenia.cli.commands import TABLE
from xenia.cli.completion.line import Line


@pytest.fixture
def xend(xend: FakeXend, root: Path) -> FakeXend:
    running = [DOMAIN_0, domain("web", 3), domain("mail", 4, state="paused")]
    defined = [*running, domain("db", None, state="defined"), domain("bad", None, state="defined", problem="x")]
    xend.routes["GET /domains?all=false"] = {"domains": running}
    xend.routes["GET /domains?all=true"] = {"domains": defined}
    disks = [
        {"target": "xvda", "path": "/srv/web.img", "cdrom": False},
        {"target": "hdc", "path": "/srv/cd.iso", "cdrom": True},
    ]
    answer = {"domain": domain(), "config": {"disks": disks}, "macs": ["00:16:3e:00:00:01"]}
    xend.routes["GET /domains/web"] = answer
    rows = [{"name": name, "state": "up"} for name in ("lan", "dmz")]
    xend.routes["GET /networks"] = {"networks": rows, "bridges": []}
    settings = [{"name": name, "meaning": "what it is"} for name in ("vnc_listen", "bring_back")]
    xend.routes["GET /host/settings"] = {"settings": settings}
    for name in ("web.cfg", "db.cfg", "notes.txt"):
        (root / "etc/xen" / name).write_text("")
    return xend


def offered(root: Path, line: str, breaks: str = "") -> list[str]:
    return [text.partition("\t")[0] for text in Line(line, str(root)).offered(breaks)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("xm dom", ["domid", "domname", "domstate"]),
        ("xm config s", ["settings", "show", "set"]),
        ("xm config settings vnc", ["vnc_listen"]),
        ("xm network sh", ["show"]),
        ("xm network show l", ["lan"]),
        ("xm network apply ", ["lan", "dmz"]),
        ("xm help do", ["domid", "domname", "domstate"]),
        ("xm help config ch", ["check"]),
        ("xm console ", ["web", "mail"]),
        ("xm con w", ["web"]),
        ("xm list ", ["Domain-0", "web", "mail", "db"]),
        ("xm list web ", ["Domain-0", "mail", "db"]),
        ("xm pause ", ["web"]),
        ("xm unpause ", ["mail"]),
        ("xm start ", ["db"]),
        ("xm config show ", ["web", "mail", "db"]),
        ("xm domname ", ["0", "3", "4"]),
        ("xm create ", ["db", "web", ":files"]),
        ("xm create w", ["web", ":files"]),
        ("xm create web memo", [":nospace", "memory=", "memory_sharing="]),
        ("xm create -f ", ["db", "web", ":files"]),
        ("xm config set web vnc", [":nospace", "vnc=", "vnclisten=", "vncunused=", "vncdisplay=", "vncpasswd="]),
        ("xm config unset web boot", ["bootloader", "bootargs", "bootloader_args", "bootentry"]),
        ("xm block-detach web ", ["xvda", "hdc"]),
        ("xm cd-insert web ", ["hdc"]),
        ("xm cd-insert web hdc ", [":files"]),
        ("xm network-detach web ", ["0"]),
        ("xm network-attach web br", [":nospace", "bridge="]),
        ("xm config check --engine x", ["xen"]),
        ("xm agent web fr", ["freeze"]),
        ("xm list -o n", ["name"]),
        ("xm list --output w", ["wide"]),
        ("xm list --output=y", ["--output=yaml"]),
        ("xm list --state pa", ["paused"]),
        ("xm list --al", ["--all"]),
        ("xm console -t ", ["auto", "pv", "serial"]),
        ("xm --ro", ["--root"]),
        ('xm console "w', ["web"]),
        ("xm vcpu-pin web ", ["all"]),
        ("xm plan ", [":files"]),
        ("xm domid web ", []),
        ("xm mem-set web ", []),
        ("xm nosuch ", []),
        ("xm config nosuch ", []),
        ("xm console nix", []),
    ],
)
def test_the_place_decides_what_is_offered(xend: FakeXend, root: Path, line: str, words: list[str]) -> None:
    found = offered(root, line)
    assert set(words) <= set(found) if "bootloader" in words or "vnc=" in words else found == words


def test_the_root_of_the_line_is_asked(xend: FakeXend, root: Path) -> None:
    assert offered(Path("/nowhere"), f"xm --root {root} console w") == ["web"]
    assert offered(Path("/nowhere"), f"xm --root={root} console w") == ["web"]


def test_a_shell_that_takes_words_apart_is_given_the_last_part(xend: FakeXend, root: Path) -> None:
    assert offered(root, "xm list --output=y", "=:") == ["yaml"]


@pytest.mark.parametrize("line", ["xm console ", "xm cd-insert web ", "xm list "])
def test_without_a_xend_nothing_is_offered_and_nothing_is_said(
    xm: Xm, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    assert xm("completion", "bash", "--line", line) == 0
    assert capsys.readouterr() == ("", "")


def test_without_a_xend_guest_files_and_commands_are_offered(root: Path) -> None:
    (root / "etc/xen/web.cfg").write_text("")
    assert offered(root, "xm create ") == ["web", ":files"]
    assert offered(Path("/nowhere"), "xm create ") == [":files"]
    assert offered(root, "xm ") == [entry.name for entry in TABLE]


def test_a_xend_that_answers_strangely_offers_nothing(xend: FakeXend, root: Path) -> None:
    xend.routes["GET /domains?all=false"] = Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html")
    assert offered(root, "xm console ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(xm: Xm, capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert xm("completion", shell) == 0
    assert f"Completion of xm for {shell}" in capsys.readouterr().out
    assert xm("completion", "tcsh") == 2


@pytest.fixture
def shell(root: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a shell that finds xm."""
    program = tmp_path / "xm"
    program.write_text(f"#!{sys.executable}\nimport sys\nfrom xenia.cli.main import main\nsys.exit(main())\n")
    program.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    python = os.pathsep.join(filter(None, sys.path))
    home = {"HOME": str(tmp_path), "ZDOTDIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "TERM": "dumb"}
    return {**os.environ, **home, "XENIA_ROOT": str(root), "PYTHONPATH": python, "PATH": path, "PS1": "> "}


def _ask(words: list[str], environment: dict[str, str]) -> str:
    assert shutil.which(words[0]), f"{words[0]} is missing; ./check --only unit installs it"
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [("xm dom", "domid domname domstate"), ("xm console ", "web mail"), ("xm list --output=y", "yaml"), ("xm no", "")],
)
def test_bash_fills_in_what_is_offered(xend: FakeXend, shell: dict[str, str], line: str, words: str) -> None:
    asked = 'COMP_LINE=$1 COMP_POINT=${#1}; _xm xm ""; echo "${COMPREPLY[*]}"'
    text = f'eval "$(xm completion bash)"; compopt() {{ :; }}; {asked}'
    assert _ask(["bash", "--norc", "-c", text, "bash", line], shell) == f"{words}\n"


@pytest.mark.parametrize(
    ("line", "words"), [("xm dom", "domid domname domstate"), ("xm console ", "web mail"), ("xm list -o y", "yaml")]
)
def test_fish_fills_in_what_is_offered(xend: FakeXend, shell: dict[str, str], line: str, words: str) -> None:
    """fish tells what it would offer."""
    said = _ask(["fish", "--no-config", "-c", f"xm completion fish | source; complete -C {line!r}"], shell)
    assert {row.split("\t")[0] for row in said.splitlines()} == set(words.split())


@pytest.mark.parametrize(
    ("program", "begin"),
    [
        (["bash", "--norc", "-i"], 'eval "$(xm completion bash)"'),
        (["zsh", "-f", "-i"], "autoload -U compinit; compinit -u; source <(xm completion zsh)"),
    ],
    ids=["bash", "zsh"],
)
def test_tab_fills_in_a_domain_in_a_real_shell(
    xend: FakeXend, shell: dict[str, str], program: list[str], begin: str
) -> None:
    assert shutil.which(program[0]), f"{program[0]} is missing; ./check --only unit installs it"
    xend.routes["GET /domains/web"] = {"domain": domain(), "config": None, "macs": []}
    with Terminal(program, shell) as screen:
        screen.types(f"{begin}; echo rea''dy\r")
        screen.sees("ready")
        screen.types("xm domsta\tw\t\r")
        screen.sees("running\r")
        screen.types("exit\r")


def test_an_offer_imports_nothing_heavy(xend: FakeXend, shell: dict[str, str]) -> None:
    """It takes about as long as a list: less than 50 ms on a machine with nothing else to do."""
    probe = (
        "import sys; from xenia.cli.main import main; main(['completion', 'bash', '--line', 'xm console ']);"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], env=shell, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("web\t")
    heavy = {"typing", "dataclasses", "inspect", "asyncio", "http.client", "ssl", "websockets", "xenia.model"}
    assert heavy & set(done.stderr.split()) == set()
