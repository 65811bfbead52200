"""The resource agent ocf:heartbeat:Xen of Pacemaker, from its package and as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.dropin.conftest import Programs
from tests.dropin.debian import unpacked
from tests.support.live import Said

SUCCESS, NOT_RUNNING, NOT_INSTALLED = 0, 7, 5


@pytest.fixture
def file(programs: Programs) -> Path:
    return programs.host.file("web", 'name = "web"\nmemory = 64\nbuilder = "hvm"\n')


def _agent(programs: Programs, file: Path, action: str, **parameters: str) -> Said:
    folder = unpacked("resource-agents") / "usr/lib/ocf"
    given = {f"OCF_RESKEY_{name}": value for name, value in parameters.items()}
    return programs.run(
        folder / "resource.d/heartbeat/Xen",
        action,
        OCF_ROOT=str(folder),
        OCF_FUNCTIONS_DIR=str(folder / "lib/heartbeat"),
        OCF_RESOURCE_INSTANCE="web-resource",
        OCF_RESKEY_xmfile=str(file),
        HA_RSCTMP=str(programs.folder),
        OCF_RESKEY_CRM_meta_interval="10000",
        **given,
    )


def test_a_resource_is_started_watched_and_stopped(programs: Programs, file: Path) -> None:
    status = _agent(programs, file, "status")
    assert status.code == NOT_RUNNING, status
    started = _agent(programs, file, "start")
    assert started.code == SUCCESS, started
    assert programs.host.domain("web")["state"] == "running"
    assert _agent(programs, file, "monitor").code == SUCCESS
    assert _agent(programs, file, "start").code == SUCCESS
    stopped = _agent(programs, file, "stop", shutdown_timeout="20")
    assert stopped.code == SUCCESS, stopped
    assert programs.host.names() == []
    assert _agent(programs, file, "status").code == NOT_RUNNING


def test_a_guest_that_is_deaf_is_destroyed(programs: Programs, file: Path) -> None:
    assert _agent(programs, file, "start").code == SUCCESS
    assert _agent(programs, file, "stop", shutdown_timeout="0").code == SUCCESS
    assert programs.host.names() == []


def test_memory_is_shared_out_by_what_info_and_mem_set_tell(programs: Programs, file: Path) -> None:
    share = {"allow_mem_management": "1", "reserved_Dom0_memory": str(1 << 20)}
    programs.host.ok("create", str(file))
    stopped = _agent(programs, file, "stop", shutdown_timeout="0", **share)
    assert stopped.code == SUCCESS, stopped


def test_a_file_that_is_not_there_is_told(programs: Programs, file: Path) -> None:
    file.unlink()
    assert _agent(programs, file, "start").code == NOT_INSTALLED
