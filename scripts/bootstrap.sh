# Makes a checkout ready to run. Sourced, with the checkout as the working folder, by ./run, ./check and scripts/bench:
#
#     . scripts/bootstrap.sh
#     bootstrap run PACKAGE...        (or: check, for what the tests need as well)
#
# Installs Debian packages that are missing (as root; otherwise it prints the line to run), then makes .venv from the
# hash-locked list requirements/run.txt or check.txt. What is in place already is not touched: then this takes no time.
# shellcheck shell=sh

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

RUN_PACKAGES="busybox-static ca-certificates dnsmasq-base fdisk nftables qemu-system-x86 qemu-utils"
# shellcheck disable=SC2034 # for ./check and scripts/xen-lab
XEN_LAB_PACKAGES="debian-archive-keyring e2fsprogs lz4 mmdebstrap openssh-client"

say() { printf '%s\n' "$*" >&2; }

die() {
	say "error: $1"
	shift
	for hint; do say "hint: $hint"; done
	exit 1
}

bootstrap() {
	list=$1
	shift
	python=$(find_python) || set -- python3 python3-venv "$@"
	# shellcheck disable=SC2086 # a list of words
	install_packages $RUN_PACKAGES "$@"
	[ -n "$python" ] || python=$(find_python) || die "no Python 3.11 to 3.13 with venv found" \
		"Debian 12 and 13 have one: apt-get install python3 python3-venv"
	make_venv "$list"
}

# A Python between 3.11 and 3.13 that can make virtual environments: XENIA_PYTHON, else Debian's own, else another one.
find_python() {
	for candidate in ${XENIA_PYTHON-} /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
		if "$candidate" -I -S -c 'import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13): raise SystemExit(1)
import importlib.util
if not importlib.util.find_spec("ensurepip"): raise SystemExit(1)' 2>/dev/null; then
			command -v "$candidate"
			return 0
		fi
	done
	return 1
}

install_packages() {
	command -v dpkg-query >/dev/null || die "this needs Debian 12 or 13: there is no dpkg here"
	# shellcheck disable=SC2016 # dpkg-query's own format
	installed=" $(dpkg-query -W -f='${db:Status-Abbrev}${Package} ' "$@" 2>/dev/null || true) "
	missing=
	for package; do
		case $installed in *"ii $package "*) ;; *) missing="$missing $package" ;; esac
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		die "packages are missing; as root run:  apt-get update && apt-get install --no-install-recommends$missing"
	fi
	say "Installing Debian packages:$missing"
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp)
	# shellcheck disable=SC2086 # a list of words
	if ! apt_install $missing >"$log" 2>&1 && ! { apt-get -q update && apt_install $missing; } >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		rm -f "$log"
		die "cannot install$missing" "apt-get's last lines stand above"
	fi
	rm -f "$log"
}

apt_install() { apt-get -q -y --no-install-recommends install "$@"; }

# .venv holds one stamp for each list that is installed; its content names everything that the list was installed from.
make_venv() {
	list=$1
	key=$("$python" -I -S -V && pwd && cat pyproject.toml requirements/*.txt | cksum)
	if [ "$(cat ".venv/$list.stamp" 2>/dev/null)" = "$key" ]; then return 0; fi
	if [ ! -w . ] || { [ -e .venv ] && [ ! -w .venv ]; }; then
		die "$(id -un) cannot write to $PWD/.venv" "run this as the owner of the checkout, or clone it for yourself"
	fi
	{
		flock 9
		[ "$(cat ".venv/$list.stamp" 2>/dev/null)" = "$key" ] || fill_venv "$list" "$key"
	} 9<scripts/bootstrap.sh
}

fill_venv() {
	say "Making .venv from requirements/$1.txt"
	if [ "$(cat .venv/python.stamp 2>/dev/null)" != "$("$python" -I -S -V && pwd)" ]; then
		rm -rf .venv
		"$python" -m venv .venv >&2 || die "cannot make .venv with $python"
		{ "$python" -I -S -V && pwd; } >.venv/python.stamp
	fi
	rm -f .venv/run.stamp .venv/check.stamp
	.venv/bin/python -m pip install -qq --require-hashes --only-binary :all: -r "requirements/$1.txt" >&2 ||
		die "pip cannot install requirements/$1.txt" "pip's own words stand above; it needs the network"
	.venv/bin/python -m pip install -qq --no-deps --no-index --no-build-isolation --editable . >&2 ||
		die "pip cannot install this checkout into .venv"
	# What the checks install contains what running needs.
	[ "$1" = run ] || printf '%s\n' "$2" >.venv/run.stamp
	printf '%s\n' "$2" >".venv/$1.stamp"
}
