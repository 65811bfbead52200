import shutil

import pytest

PASSES = "echo '2 passed in 0.01s'"


@pytest.fixture
def tools(checkout):
    """A checkout in which all tools succeed at once."""
    checkout.bootstrap("check")
    folder = checkout.folder / ".venv/bin"
    for name in ("ruff", "mypy", "lint-imports", "shellcheck"):
        checkout.provide(name, "")
        (folder / name).symlink_to(checkout.fakes / name)
    checkout.provide("pytest", PASSES)
    checkout.provide("xen-lab", "")
    checkout.provide("page", "")
    for name in ("xen-lab", "page"):
        shutil.copy(checkout.fakes / name, checkout.folder / "scripts" / name)
    (folder / "pytest").symlink_to(checkout.fakes / "pytest")
    checkout.asked.write_text("")
    return checkout


def test_all_parts_are_run_and_the_last_line_says_so(tools):
    result = tools.call("./check")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    parts = ("lint", "types", "contracts", "page", "unit", "browser", "qemu", "crash", "xen")
    assert [line.split()[:2] for line in lines[-10:-1]] == [[part, "ok"] for part in parts]
    assert lines[-1].startswith("check: all well (9 parts")
    assert lines.count("2 passed in 0.01s") == 5
    assert len(tools.calls("xen-lab")) == 1
    assert tools.calls("page") == ["check", "build", "build"]


def test_a_part_that_fails_does_not_stop_the_others(tools):
    tools.provide("mypy", "exit 1")
    result = tools.call("./check")
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == "check: FAILED: types"
    assert len(tools.calls("pytest")) == 5


def test_no_tests_at_all_is_a_failure(tools):
    tools.provide("pytest", "echo 'no tests ran'; exit 5")
    assert tools.call("./check", "--only", "unit").stdout.splitlines()[-1] == "check: FAILED: unit"


def test_long_loops_are_left_to_full(tools):
    tools.call("./check", "--only", "crash")
    tools.call("./check", "--full", "--only", "crash")
    chosen = [call.split(" -m ")[1] for call in tools.calls("pytest")]
    assert chosen == ["(crash) and not full -n 2", "crash -n 2"]


def test_quick_runs_one_real_guest(tools):
    result = tools.call("./check", "--quick")
    basics = "(not qemu and not crash and not xen and not browser and not hypothesis) and not full"
    assert [call.split(" -m ")[1] for call in tools.calls("pytest")] == [
        f"{basics} -n 2 --ignore=tests/dropin",
        "(qemu) and not full tests/images",
    ]
    assert result.stdout.splitlines()[-1].startswith("check: all well (6 parts")


@pytest.mark.parametrize("words", [["--only", "nothing"], ["--only"], ["--quick", "--full"], ["--fast"], ["unit"]])
def test_words_it_does_not_know_are_refused(checkout, words):
    result = checkout.call("./check", *words)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: ./check")
    assert checkout.calls("python3") == []
