"""The page of commands says what the tables say, and leaves out no command of xm or xl."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.cli.absent import ABSENT
from xenia.cli.commands import find
from xenia.client.errors import ClientError
from xenia.model.host import EngineReport
from xenia.model.operations import OPERATIONS, SNAPSHOT_OPERATIONS, unsupported
from xenia.reference import commands
from xenia.reference.fates import _DONE_OTHERWISE, ENGINES, fate
from xenia.reference.predecessors import XL, XM

CHECKOUT = Path(__file__).parents[2]
ABSENT_NAMES = [name for row in ABSENT for name in row.names]


def _is_here(name: str) -> bool:
    try:
        return bool(find(name))
    except ClientError:
        return False


def test_the_page_is_up_to_date() -> None:
    stale = "a table of commands has changed: scripts/write-reference, then commit what it wrote"
    assert (CHECKOUT / "docs/reference/commands.md").read_text() == commands.page(), stale


@pytest.mark.parametrize("name", sorted(XM | XL))
def test_every_command_of_xm_and_xl_is_here_or_is_accounted_for(name: str) -> None:
    here, absent = _is_here(name), name in ABSENT_NAMES
    assert here or absent, f"'{name}' was a command of xm or xl: give it a row in cli/commands.py or in cli/absent.py"
    assert not (here and absent), f"'{name}' is a command now: take it out of cli/absent.py"


def test_what_is_absent_was_there_once_and_is_named_once() -> None:
    assert set(ABSENT_NAMES) <= XM | XL
    assert len(ABSENT_NAMES) == len(set(ABSENT_NAMES))


@pytest.mark.parametrize("name", ABSENT_NAMES)
def test_xm_says_of_what_is_absent_why_and_what_to_use_instead(name: str) -> None:
    with pytest.raises(ClientError, match=f"'{name}' is no command of Xenia: ") as raised:
        find(name)
    assert raised.value.exit_code == 2
    (row,) = [row for row in ABSENT if name in row.names]
    assert raised.value.hint == (f"instead: {row.instead}" if row.instead else "")
    if row.instead.startswith("xm "):
        assert find(row.instead.split()[1])


@pytest.mark.parametrize(("old", "name"), [("balloon", "mem-set"), ("vif-list", "network-list"), ("li", "list")])
def test_old_names_of_xm_mean_the_new_ones(old: str, name: str) -> None:
    assert find(old).name == name


@pytest.mark.parametrize("engine", ENGINES)
def test_what_an_engine_lacks_is_a_capability_of_another_and_is_refused_with_the_reason(engine: str) -> None:
    for capability, why in ENGINES[engine].items():
        assert why
        assert any(capability not in lacks for lacks in ENGINES.values())
        for operation in OPERATIONS.values():
            if operation.capability is capability:
                report = EngineReport(engine, usable=True, lacks=ENGINES[engine])
                assert why in unsupported(operation, report).message
                assert fate(operation.name, engine).startswith(f"no: {why}")


def test_an_engine_that_lacks_something_by_this_host_alone_is_said_to_without_a_reason() -> None:
    message = unsupported(OPERATIONS["pause"], EngineReport("xen", usable=True)).message
    assert message == "pause is not possible: the engine xen on this host cannot do it"


def test_a_remark_on_how_it_is_done_stands_for_a_command_that_the_engine_can_do() -> None:
    for (command, engine), how in _DONE_OTHERWISE.items():
        assert how.startswith(("translated: ", "no: "))
        assert command in SNAPSHOT_OPERATIONS or find(command).name == command
        assert fate(command, engine) == how, f"{engine} lacks what {command} needs: take its remark out of fates.py"
