ONLY_PYTHON = 'shift 2; for p; do case $p in python3*) printf "ii %s " "$p" ;; esac; done; exit 1'


def test_what_is_in_place_is_not_touched(checkout):
    first = checkout.bootstrap("run")
    assert first.returncode == 0, first.stderr
    assert "Making .venv from requirements/run.txt" in first.stderr
    before = len(checkout.calls("venv-python"))
    second = checkout.bootstrap("run")
    assert (second.returncode, second.stderr) == (0, "")
    assert len(checkout.calls("venv-python")) == before
    assert checkout.calls("apt-get") == []


def test_only_hashed_wheels_are_installed(checkout):
    checkout.bootstrap("run")
    lock, own = checkout.calls("venv-python")
    assert "--require-hashes --only-binary :all: -r requirements/run.txt" in lock
    assert "--no-deps --no-index --no-build-isolation --editable ." in own


def test_the_checks_bring_what_running_needs(checkout):
    checkout.bootstrap("check")
    before = len(checkout.calls("venv-python"))
    assert checkout.bootstrap("run").stderr == ""
    assert len(checkout.calls("venv-python")) == before


def test_a_changed_lock_is_installed(checkout):
    checkout.bootstrap("run")
    with open(checkout.folder / "requirements/run.txt", "a") as lock:
        lock.write("# changed\n")
    assert "Making .venv" in checkout.bootstrap("run").stderr


def test_a_moved_checkout_gets_a_new_venv(checkout):
    checkout.bootstrap("run")
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved"))
    assert "Making .venv" in checkout.bootstrap("run").stderr
    assert len([call for call in checkout.calls("python3") if call == "-m venv .venv"]) == 2


def test_a_failed_install_is_tried_again_the_next_time(checkout):
    checkout.provide("venv-python", "exit 1")
    failed = checkout.bootstrap("run")
    assert failed.returncode == 1
    assert "error: pip cannot install requirements/run.txt" in failed.stderr
    checkout.provide("venv-python", "")
    (checkout.folder / ".venv/bin/python").unlink()
    (checkout.folder / ".venv/bin/python").symlink_to(checkout.fakes / "venv-python")
    assert checkout.bootstrap("run").returncode == 0


def test_who_is_not_root_is_told_the_line_to_run(checkout):
    checkout.provide("id", "echo 1000")
    checkout.provide("dpkg-query", ONLY_PYTHON)
    told = checkout.bootstrap("check shellcheck")
    assert told.returncode == 1
    assert told.stderr == (
        "error: packages are missing; as root run:  apt-get update && apt-get install --no-install-recommends "
        "busybox-static ca-certificates dnsmasq-base fdisk nftables qemu-system-x86 qemu-utils shellcheck\n"
    )
    assert checkout.calls("apt-get") == []


def test_root_gets_only_what_is_missing(checkout):
    checkout.provide("id", "echo 0")
    checkout.provide("dpkg-query", 'shift 2; for p; do [ "$p" = qemu-utils ] || printf "ii %s " "$p"; done')
    done = checkout.bootstrap("run")
    assert done.returncode == 0, done.stderr
    assert checkout.calls("apt-get") == ["-q -y --no-install-recommends install qemu-utils"]


def test_package_lists_are_fetched_only_when_an_install_fails(checkout):
    checkout.provide("id", "echo 0")
    checkout.provide("dpkg-query", ONLY_PYTHON)
    checkout.provide("apt-get", f"case $* in *update*) touch {checkout.root} ;; *) [ -e {checkout.root} ] ;; esac")
    done = checkout.bootstrap("run")
    assert done.returncode == 0, done.stderr
    assert [call.split()[-1] for call in checkout.calls("apt-get")] == ["qemu-utils", "update", "qemu-utils"]


def test_apts_own_words_are_shown_when_it_fails(checkout):
    checkout.provide("id", "echo 0")
    checkout.provide("dpkg-query", ONLY_PYTHON)
    checkout.provide("apt-get", "echo 'E: no space left' >&2; exit 100")
    failed = checkout.bootstrap("run")
    assert failed.returncode == 1
    assert "E: no space left\nerror: cannot install" in failed.stderr


def test_a_python_that_is_too_old_is_not_used(checkout):
    checkout.provide("python3", "exit 1")
    result = checkout.call("sh", "-euc", ". scripts/bootstrap.sh; find_python || echo none")
    assert result.stdout.strip() != str(checkout.fakes / "python3")
    assert len(checkout.calls("python3")) >= 1
