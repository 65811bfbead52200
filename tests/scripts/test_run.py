import sys

import pytest

XM = """
cd "$XENIA_RUN_ROOT" || exit
case "$*" in
*" list -o name") [ -e up ] && echo Domain-0 && cat guests ;;
*" domid demo") grep -q demo guests ;;
*" create "*) echo demo >guests ;;
*" console demo") printf 'Linux boots\\r\\nxenia: guest demo is up\\r\\n'; exec sleep 60 ;;
*" list") echo 'Name ID' ;;
*" shutdown "*) : >guests ;;
*" web") [ -e web ] && echo https://127.0.0.1:1/login#once && exit; cat refused >&2; exit 1 ;;
esac
"""
XEND = """
cd "$XENIA_RUN_ROOT" && mkdir -p run/xenia/domains && echo $$ >run/xenia/xend.lock && : >guests && : >up
trap 'rm up; exit 0' TERM
while [ -e up ]; do sleep 0.1; done
"""


@pytest.fixture
def host(checkout):
    """A checkout whose xm and xend are shell scripts that remember what was asked of them."""
    checkout.provide("xm", XM)
    checkout.provide("xend", XEND)
    yield checkout
    checkout.call("./run", "--stop")


def test_it_shows_the_boot_then_the_list_and_leaves_the_guest_running(host):
    result = host.call("./run")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "Linux boots\nxenia: guest demo is up\nName ID\n"
    assert "./run --stop" in result.stderr
    assert "scripts/page build" in result.stderr
    assert (host.root / "guests").read_text() == "demo\n"


def test_run_again_it_starts_nothing(host):
    host.call("./run")
    again = host.call("./run")
    assert again.returncode == 0
    assert "The guest demo is running already." in again.stderr
    assert len(host.calls("xend")) == 1
    assert len([call for call in host.calls("xm") if " create " in call]) == 1


def test_stop_ends_the_guests_and_xend(host):
    host.call("./run")
    stopped = host.call("./run", "--stop")
    assert stopped.returncode == 0
    assert stopped.stderr.splitlines() == ["Guest demo has ended.", f"xend has ended. Files are kept in {host.root}."]
    assert not (host.root / "up").exists()
    again = host.call("./run", "--stop")
    assert (again.returncode, again.stderr) == (0, f"No xend runs in {host.root}.\n")


def test_stop_minds_no_init_that_leaves_zombies(host):
    script = (
        "import ctypes, subprocess as s; assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0;"  # PR_SET_CHILD_SUBREAPER
        "s.run('./run', check=True); print(s.run(['./run', '--stop'], timeout=15).returncode)"
    )
    stopped = host.call(sys.executable, "-c", script)
    assert stopped.stdout.endswith("\n0\n"), stopped.stderr


def test_stop_where_nothing_ever_ran_is_harmless(checkout):
    stopped = checkout.call("./run", "--stop")
    assert (stopped.returncode, stopped.stderr) == (0, f"Nothing runs in {checkout.root}.\n")


def test_a_xend_that_dies_is_told_with_its_last_words(checkout):
    checkout.provide("xm", "exit 7")
    checkout.provide("xend", "echo 'xend: no such thing' >&2; exit 1")
    failed = checkout.call("./run")
    assert failed.returncode == 1
    assert "xend: no such thing\nerror: xend does not answer\n" in failed.stderr


def test_a_guest_that_cannot_start_is_a_failure(host):
    host.provide("xm", XM.replace('*" create "*) ', '*" create "*) echo "error: no room" >&2; exit 1; '))
    failed = host.call("./run")
    assert failed.returncode == 1
    assert "error: no room\nerror: the guest cannot be started" in failed.stderr


def test_a_guest_whose_console_ends_early_is_a_failure(host):
    host.provide("xm", XM.replace("exec sleep 60", "exit 1").replace("xenia: guest demo is up", "Kernel panic"))
    failed = host.call("./run")
    assert failed.returncode == 1
    assert "Kernel panic" in failed.stdout
    assert "error: the guest did not come up" in failed.stderr


def with_page(host, refused):
    """As if it was built; `refused` is what xm web says without a xenia-web."""
    page = host.folder / "src/xenia/page/index.html"
    page.parent.mkdir(parents=True)
    page.touch()
    host.root.mkdir()
    (host.root / "refused").write_text(refused)
    host.provide("xenia-web", 'cd "$XENIA_RUN_ROOT" && : >web')
    host.bootstrap("run")
    (host.folder / ".venv/bin/xenia-web").symlink_to(host.fakes / "xenia-web")


def test_where_the_page_is_built_there_is_a_link_to_it(host):
    with_page(host, "xm: xenia-web does not run here\n")
    result = host.call("./run")
    assert result.returncode == 0, result.stderr
    assert "\n    https://127.0.0.1:1/login#once\n" in result.stderr
    assert host.calls("xenia-web") == [f"--root {host.root}"]
    assert host.call("./run").returncode == 0
    assert len(host.calls("xenia-web")) == 1


def test_who_may_not_come_in_is_told_so_at_once(host):
    with_page(host, "xm: 'root' may not come in over the network\n")
    result = host.call("./run")
    assert result.returncode == 0, result.stderr
    assert "There is no link to the page:\nxm: 'root' may not come in over the network\n" in result.stderr
    assert host.calls("xenia-web") == []


@pytest.mark.parametrize("words", [["--foo"], ["--stop", "x"], ["stop"]])
def test_words_it_does_not_know_are_refused(checkout, words):
    result = checkout.call("./run", *words)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: ./run")
    assert checkout.calls("python3") == []
