"""CPU time by weight and cap: each QEMU is in a control group of its own (cgroup v2), beside the other guests'.

The group of a domain lies in one of xend's right below the root, so that the end of xend, and what a service manager
then does with the processes of xend's own group, does not touch it. A link in the run folder leads to it: it is found
again, and removed, with what else a start has put there. Sources: Linux, Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from xenia.engines.remarks import note, warning
from xenia.lib.pressure import read_pressure
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError, engine_failed, unavailable
from xenia.model.scheduling import CGROUP, USUAL_WEIGHT, WEIGHTS, Share

_NAME = "xenia"
_LINK = "cgroup"
_USUAL = 100
"""The weight of a group where nobody has said one."""
_HIGHEST = 10000
_PERIOD = 100_000
"""Microseconds, the kernel's own."""
_CONTROLLER = "cpu"


def find_tree(mounts: Path) -> Path:
    """The group below which those of guests are; it is made where it is missing. Raises unavailable with the reason
    why there can be none.
    """
    root = _mount_point(mounts.read_text())
    if root is None:
        raise unavailable("no cgroup v2 file system is mounted")
    tree = root / _NAME
    try:
        if _CONTROLLER not in (root / "cgroup.controllers").read_text().split():
            raise unavailable(
                f"the cgroup v2 tree at {root} has no CPU controller: cgroup v1 has it, or nobody passes it on"
            )
        _pass_on(root)
        tree.mkdir(exist_ok=True)
        _pass_on(tree)
    except OSError as error:
        raise unavailable(f"xend can make no control groups in {root}: {error.strerror}") from error
    return tree


def _mount_point(mounts: str) -> Path | None:
    """Of the cgroup v2 file system, from proc(5), mountinfo."""
    for line in mounts.splitlines():
        fields, _, source = line.partition(" - ")
        if source.startswith("cgroup2 "):
            return Path(fields.split()[4])
    return None


def _pass_on(group: Path) -> None:
    """Let the groups in `group` share out CPU time."""
    control = group / "cgroup.subtree_control"
    if _CONTROLLER not in control.read_text().split():
        _write(control, f"+{_CONTROLLER}")


def enter(folder: Path, tree: Path, pid: int, share: Share) -> None:
    """Put the process of the domain with this run folder, all threads of it, into a group of its own that gets `share`.
    It may be there already. Raises engine_failed.
    """
    group = tree / folder.name
    try:
        (folder / _LINK).unlink(missing_ok=True)
        (folder / _LINK).symlink_to(group)  # first: a group that is made is found
        group.mkdir(exist_ok=True)
        _share_out(group, share)
        _write(group / "cgroup.procs", str(pid))
    except OSError as error:
        raise _refused(group, error) from error


def leave(folder: Path) -> None:
    """Remove the group of a domain whose process has ended, if it has one."""
    with contextlib.suppress(OSError):
        (folder / _LINK).readlink().rmdir()
    (folder / _LINK).unlink(missing_ok=True)


def pressure_on(folder: Path) -> Mapping[str, float]:
    """How short the group of the domain with this run folder is of what it needs (lib.pressure); empty where it has
    none, or the kernel does not count it.
    """
    return read_pressure(folder / _LINK, ".pressure")


def words_of(share: Share) -> dict[str, str]:
    """The files of the group and what is in them for `share`."""
    weight = min(max(round(share.weight * _USUAL / USUAL_WEIGHT), 1), _HIGHEST)
    quota = str(share.cap * _PERIOD // 100) if share.cap else "max"
    return {"cpu.weight": str(weight), "cpu.max": f"{quota} {_PERIOD}"}


def share_of(config: DomainConfig) -> Share:
    """What the guest file says; the usual where it says nothing, or what has no effect."""
    weight, cap = config.cpu_weight, config.cpu_cap
    return Share(
        CGROUP,
        weight if weight is not None and weight in WEIGHTS else USUAL_WEIGHT,
        cap if cap is not None and cap > 0 else 0,
    )


def explain_share(config: DomainConfig, tree: Path | None, why_not: str) -> Iterator[Complaint]:
    """What becomes of cpu_weight and cpu_cap; `why_not` says why there are no groups on a host that was asked."""
    share = share_of(config)
    becomes = words_of(share)
    for key, value, used, file in (
        ("cpu_weight", config.cpu_weight, share.weight, "cpu.weight"),
        ("cpu_cap", config.cpu_cap, share.cap, "cpu.max"),
    ):
        if value is None:
            continue
        if value != used:
            wanted = "it is between 1 and 65535" if key == "cpu_weight" else "it is in percent of one CPU"
            yield warning(key, f"{key}={value} has no effect: {wanted}")
        elif tree is None and why_not:
            yield warning(key, f"{key}={value} has no effect: {why_not}")
        else:
            yield note(key, f"{key}={value} becomes {file} = {becomes[file]} of a control group")


def _share_out(group: Path, share: Share) -> None:
    for name, value in words_of(share).items():
        _write(group / name, value)


def _write(path: Path, text: str) -> None:
    """The kernel takes a value as one write to a file that is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _refused(group: Path, error: OSError) -> XeniaError:
    return engine_failed(f"the control group {group} is not as it should be: {error.strerror}")
