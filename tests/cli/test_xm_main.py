from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import DOMAIN_0, FakeXend, domain

from xenia.cli.agent import ACTIONS
from xenia.cli.commands import TABLE, Entry, find, resolve
from xenia.cli.errors import wants_json
from xenia.client.errors import ClientError
from xenia.model.operations import HOST_OPERATIONS, OPERATIONS

GROUPS = [entry for entry in TABLE if entry.table]
LEAVES = [entry.name for entry in TABLE if not entry.table]
LEAVES += [f"{group.name} {entry.name}" for group in GROUPS for entry in group.rows()]
RUNNING = "GET /domains?all=false"
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.mark.parametrize(
    ("word", "name"), [("list", "list"), ("li", "list"), ("ls", "list"), ("des", "destroy"), ("con", "console")]
)
def test_commands_are_found_by_name_alias_and_prefix(word: str, name: str) -> None:
    assert find(word).name == name


def test_an_ambiguous_prefix_names_what_it_could_be(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("do", "x") == 2
    assert "domid, domname" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["crate", "lsit", "unpuase"])
def test_an_unknown_command_names_the_nearest(xm: Xm, capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert xm(word) == 2
    assert "did you mean" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "name", "rest"),
    [
        ("config check a.cfg", "config check", ["a.cfg"]),
        ("conf che a.cfg", "config check", ["a.cfg"]),
        ("config", "config", []),
        ("config --root /x", "config", ["--root", "/x"]),
        ("list check", "list", ["check"]),
    ],
)
def test_commands_of_a_group_are_found_in_it(words: str, name: str, rest: list[str]) -> None:
    found = resolve(words.split())
    assert (found.name, found.words) == (name, rest)


def test_an_unknown_command_of_a_group_names_the_nearest(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("config", "chekc", "a.cfg") == 2
    err = capsys.readouterr().err
    assert "no command 'config chekc'" in err
    assert "did you mean config check?" in err
    assert xm("help", "config", "xyzzy") == 2
    assert "hint: xm help config lists the commands" in capsys.readouterr().err


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_a_group_lists_its_commands(xm: Xm, capsys: pytest.CaptureFixture[str], group: Entry) -> None:
    assert xm("help", group.name) == 0
    page = capsys.readouterr().out
    assert page.startswith(f"usage: xm {group.name} COMMAND")
    assert all(f"\n  {entry.name} " in page for entry in group.rows())
    assert xm(group.name, "--help") == 0
    assert capsys.readouterr().out == page
    assert xm(group.name) == 2
    assert capsys.readouterr().err == page
    assert xm(group.name, "--nosuch") == 2
    assert "has no option '--nosuch' before its command" in capsys.readouterr().err


@pytest.mark.parametrize("table", [TABLE, *(group.rows() for group in GROUPS)], ids=["xm", *(g.name for g in GROUPS)])
def test_names_and_aliases_stay_unique(table: tuple[Entry, ...]) -> None:
    words = [word for entry in table for word in (entry.name, *entry.aliases)]
    assert len(words) == len(set(words))


def test_the_table_says_of_operations_what_the_model_says() -> None:
    summaries = {entry.name: entry.summary for entry in TABLE}
    summaries |= {f"agent-{name}": sentence.rpartition(": ")[2] for name, (sentence, _) in ACTIONS.items()}
    told = {name: operation.sentence for name, operation in (OPERATIONS | HOST_OPERATIONS).items()}
    assert told.items() <= summaries.items()


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_has_a_page_that_teaches(xm: Xm, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert xm("help", *name.split()) == 0
    page = capsys.readouterr().out
    assert xm(*name.split(), "--help") == 0
    assert capsys.readouterr().out == page
    assert page.startswith(f"usage: xm {name}")
    assert "examples:\n" in page
    assert "exit codes:\n" in page
    assert max(map(len, page.splitlines())) <= 120
    for other in resolve(name.split()).command().see_also:
        assert resolve(other.split()).name == other


def test_the_overview_lists_every_command(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("help") == 0
    page = capsys.readouterr().out
    assert all(f"\n  {entry.name} " in page for entry in TABLE)
    assert xm("--help") == 0
    assert capsys.readouterr().out == page


def test_without_a_command_the_overview_is_an_error(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm() == 2
    assert "usage: xm" in capsys.readouterr().err


def test_the_version_is_one_line(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("--version") == 0
    assert capsys.readouterr().out.startswith("xm ")


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--nosuch"),
        ("list", "-o", "xml"),
        ("list", "-o"),
        ("console",),
        ("console", "a", "b"),
        ("domid",),
        ("destroy",),
        ("shutdown", "-a", "web"),
        ("shutdown", "--timeout", "5", "web"),
        ("shutdown", "-w", "--timeout", "soon", "web"),
        ("shutdown", "-w", "--timeout", "nan", "web"),
        ("create",),
        ("create", "memory=5"),
        ("create", "a.cfg", "b.cfg"),
        ("create", "-c", "-o", "yaml", "a.cfg"),
        ("--nosuch", "list"),
        ("--root",),
        ("",),
        ("help", "nosuch"),
        ("help", "list", "nosuch"),
        ("config", "check"),
    ],
)
def test_wrong_usage_is_told_without_asking_xend(xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str]) -> None:
    assert xm(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("xm: ")
    assert "Traceback" not in err


def test_an_error_is_json_where_json_was_asked_for(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("list", "-o", "json") == 7
    error = json.loads(capsys.readouterr().err)
    assert (error["kind"], error["exit_code"]) == ("unreachable", 7)
    assert error["hint"]
    assert xm("list", "--output=json", "--nosuch") == 2
    assert json.loads(capsys.readouterr().err)["exit_code"] == 2


@pytest.mark.parametrize(
    ("words", "answer"),
    [(["-o", "json"], True), (["-ojson"], True), (["-o"], False), (["-o", "yaml", "json"], False), ([], False)],
)
def test_the_wish_for_json_is_seen_in_the_words(words: list[str], answer: bool) -> None:
    assert wants_json(words) is answer


@pytest.mark.parametrize("where", ["before", "equals", "after"])
def test_the_root_can_stand_before_and_after_the_command(
    xend: FakeXend, monkeypatch: pytest.MonkeyPatch, xm: Xm, where: str
) -> None:
    monkeypatch.setenv("XENIA_ROOT", "/nowhere")
    xend.routes[RUNNING] = {"domains": []}
    root = str(xend.root)
    words = {
        "before": ["--root", root, "list"],
        "equals": [f"--root={root}", "list"],
        "after": ["list", "--root", root],
    }
    assert xm(*words[where]) == 0


def test_what_nobody_expected_is_an_internal_error_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, xm: Xm, xend: FakeXend, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /host"] = {"host": {}}
    assert xm("info") == 1
    err = capsys.readouterr().err
    assert err.startswith("xm: internal error: KeyError")
    assert "--debug" in err
    with pytest.raises(KeyError):
        xm("--debug", "info")


def test_an_interrupt_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("xenia.client.http.Client.get", interrupt)
    assert xm("list") == 130
    assert capsys.readouterr().err == "xm: interrupted\n"


def test_messages_of_xend_cannot_act_on_the_terminal(
    monkeypatch: pytest.MonkeyPatch, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ClientError("no \x1b[31mdomain\n", hint="\x9b2J")

    monkeypatch.setattr("xenia.client.http.Client.get", refuse)
    assert xm("list") == 1
    assert capsys.readouterr().err == "xm: no \\x1b[31mdomain\\n\n  hint: \\x9b2J\n"


def test_a_reader_that_leaves_is_no_reason_to_complain(xend: FakeXend, start_xm: Start) -> None:
    xend.routes[RUNNING] = {"domains": [domain("x" * 1000, number) for number in range(1000)]}
    reader, writer = os.pipe()
    os.close(reader)
    process = start_xm("list", stdout=writer)
    os.close(writer)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_a_failure(xend: FakeXend, start_xm: Start) -> None:
    xend.routes[RUNNING] = {"domains": [DOMAIN_0]}
    with open("/dev/full", "wb") as full:
        process = start_xm("list", stdout=full)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, b"xm: No space left on device\n")


def test_a_character_set_without_the_character_is_no_failure(
    xend: FakeXend, start_xm: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    xend.routes[RUNNING] = {"domains": [domain("gäst")]}
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    process = start_xm("list", "-o", "name")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, b"g\\xe4st\n", b"")


def test_an_interrupt_while_waiting_says_that_the_job_goes_on(xend: FakeXend, start_xm: Start, root: Path) -> None:
    xend.console = lambda websocket: None
    xend.routes["POST /domains/web/shutdown?wait=0"] = {
        "job": {"id": 7, "operation": "shutdown", "domain": "web", "state": "running"}
    }
    xend.routes["GET /jobs/7?wait=30"] = xend.routes["POST /domains/web/shutdown?wait=0"]
    process = start_xm("shutdown", "-w", "web")
    xend.wait_for("GET", "/jobs/7?wait=30")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"no longer waiting; the shutdown of web goes on" in err


def test_a_list_imports_nothing_heavy(xend: FakeXend, start_xm: Start) -> None:
    xend.routes[RUNNING] = {"domains": [DOMAIN_0]}
    probe = "import sys; from xenia.cli.main import main; main(['list']);print(*sorted(sys.modules), file=sys.stderr)"
    environment = {**os.environ, "XENIA_ROOT": str(xend.root), "PYTHONPATH": "src"}
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, 'src'); {probe}"]
    done = subprocess.run(command, env=environment, capture_output=True, cwd=Path(__file__).parents[2], check=True)
    loaded = set(done.stderr.decode().split())
    heavy = {"typing", "dataclasses", "inspect", "pathlib", "shutil", "asyncio", "http", "http.client", "ssl", "email"}
    heavy |= {"urllib", "urllib.parse", "websockets", "logging", "difflib", "subprocess", "threading", "xenia.model"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith("xenia.cli.")} == {
        f"xenia.cli.{name}" for name in ("main", "command", "commands", "errors", "options", "parser", "list")
    }
