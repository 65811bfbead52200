"""Which kernels Xen starts, and with which command line."""

from __future__ import annotations

from typing import Any

import pytest
from tests.storage import kernels

from xenia.engines.xen.facts import XenFacts
from xenia.engines.xen.kernel import judge_of
from xenia.model.boot import Boot
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage.kernel import KernelFacts
from xenia.storage.kernel_image import classify_kernel

TODAY = XenFacts("4.17.5", frozenset({"pv", "hvm", "pvh"}))
WITH_PV32 = XenFacts("4.17.5", frozenset({"pv", "pv32"}))
PATH = "/boot/vmlinuz-2.6.18-6-xen-686"
"""The guide's own kernel."""


def facts(content: bytes, tmp_path: Any) -> KernelFacts:
    path = tmp_path / "kernel"
    path.write_bytes(content)
    with path.open("rb") as file:
        found = classify_kernel({}, [file.fileno()])
    found.pop("compressed", None)
    return KernelFacts(**found)


def judge(kernel: KernelFacts, kind: Kind = Kind.PV, host: XenFacts = TODAY) -> None:
    judge_of(host).refuse(DomainConfig("guest", kind, boot=Boot(kernel=PATH)), PATH, kernel)


def refused(kernel: KernelFacts, kind: Kind = Kind.PV, host: XenFacts = TODAY) -> XeniaError:
    with pytest.raises(XeniaError) as caught:
        judge(kernel, kind, host)
    assert caught.value.kind is ErrorKind.INVALID
    return caught.value


def test_the_guides_32_bit_kernel_needs_a_xen_that_allows_it(tmp_path: Any) -> None:
    kernel = facts(kernels.elf(notes=kernels.XEN), tmp_path)
    assert (kernel.bits, kernel.xen, kernel.pae) == (32, True, True)
    error = refused(kernel)
    assert error.message.startswith(f"'{PATH}' (2.6.18-6-xen-686) is a 32-bit kernel, and this Xen starts no 32-bit PV")
    assert "64-bit kernel" in (error.hint or "")
    judge(kernel, host=WITH_PV32)


def test_a_32_bit_kernel_without_pae_starts_nowhere(tmp_path: Any) -> None:
    error = refused(KernelFacts("elf", 32, "2.4.27", xen=True, pae=False), host=WITH_PV32)
    assert "without PAE" in error.message
    assert "xen-686" in (error.hint or "")


@pytest.mark.parametrize("content", [kernels.elf(64), kernels.elf(64, notes=kernels.PVH), kernels.multiboot()])
def test_what_knows_nothing_of_xen_is_no_pv_guest(content: bytes, tmp_path: Any) -> None:
    error = refused(facts(content, tmp_path))
    assert "cannot be a PV guest: it has no Xen notes" in error.message
    assert "type = 'hvm'" in (error.hint or "")


@pytest.mark.parametrize("content", [kernels.elf(64, notes=kernels.XEN), kernels.bzimage()])
def test_a_64_bit_kernel_of_today_is_a_pv_guest(content: bytes, tmp_path: Any) -> None:
    judge(facts(content, tmp_path))


def test_a_pvh_guest_needs_an_entry_for_it(tmp_path: Any) -> None:
    error = refused(facts(kernels.elf(64, notes=kernels.XEN), tmp_path), Kind.PVH)
    assert "has no PVH entry" in error.message
    assert "4.11" in (error.hint or "")
    judge(facts(kernels.elf(64, notes=kernels.PVH), tmp_path), Kind.PVH)
    judge(facts(kernels.bzimage(), tmp_path), Kind.PVH)


@pytest.mark.parametrize("kind", [Kind.PV, Kind.PVH])
def test_what_is_no_kernel_is_refused_for_every_kind(kind: Kind) -> None:
    error = refused(KernelFacts("unknown"), kind)
    assert "is not a kernel" in error.message


@pytest.mark.parametrize(
    ("kind", "text", "line", "notes"),
    [
        (Kind.PVH, "root=/dev/xvda1 ro", "root=/dev/xvda1 ro console=hvc0", 1),
        (Kind.PVH, "", "console=hvc0", 1),
        (Kind.PVH, "console=tty0 quiet", "console=tty0 quiet", 0),
        (Kind.PVH, "earlyconsole=yes", "earlyconsole=yes console=hvc0", 1),
        (Kind.PV, "root=/dev/xvda1 ro", "root=/dev/xvda1 ro", 0),
    ],
)
def test_only_a_pvh_guest_is_told_of_its_console(kind: Kind, text: str, line: str, notes: int) -> None:
    made = judge_of(TODAY).command_line(DomainConfig("guest", kind), text)
    assert (made.text, len(made.notes)) == (line, notes)


@pytest.mark.parametrize(("kind", "limit"), [(Kind.PV, 1023), (Kind.PVH, 2047)])
def test_a_line_that_would_be_cut_off_is_refused(kind: Kind, limit: int) -> None:
    judge, config = judge_of(TODAY), DomainConfig("guest", kind)
    longest = "console=hvc0 é".ljust(limit - 1, "x")
    assert judge.command_line(config, longest).text == longest
    with pytest.raises(XeniaError, match=f"has {limit + 1} bytes; a {kind} guest takes {limit}") as caught:
        judge.command_line(config, f"{longest}x")
    assert caught.value.kind is ErrorKind.INVALID


def test_the_console_that_is_added_counts() -> None:
    with pytest.raises(XeniaError, match="2048 bytes"):
        judge_of(TODAY).command_line(DomainConfig("guest", Kind.PVH), "x" * (2047 - len("console=hvc0")))
