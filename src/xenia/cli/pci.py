"""xm pci-list, pci-attach, pci-detach, pci-assignable-list, -add, -remove."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.long import add_long, print_devices
from xenia.client.domains import domain_path, follow, submit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable
    from typing import Any

    from xenia.cli.command import Context

_DOMAIN = "name, id, UUID or a unique beginning"
_BDF = "the device, by bus, device and function: 01:00.0"
_SECONDS = 70.0
"""xl has a minute for it on Xen."""


def _output_options(parser: ArgumentParser) -> None:
    add_output(parser, "text", "json")


def _list_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    add_long(parser)
    add_output(parser, "text", "json")


def _list(context: Context, options: Namespace) -> int:
    devices = context.client.get(f"{domain_path(options.domain)}/pci")["devices"]
    if options.long:
        from xenia.cli.sxp import describe_pci

        print_devices(describe_pci(device["address"]) for device in devices)
        return 0
    return _show(devices, [device["item"] for device in devices], options.output)


def _assignable(context: Context, options: Namespace) -> int:
    devices = context.client.get("/host/pci", seconds=_SECONDS)["devices"]
    return _show(devices, [device["address"] for device in devices], options.output)


def _show(devices: list[dict[str, Any]], lines: list[str], output: str) -> int:
    if output == "json":
        from xenia.cli.output import print_data

        print_data(devices, output)
    else:
        print("\n".join(lines), end="\n" if lines else "")
    return 0


def _attach_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("device", metavar="BDF", help=f"{_BDF}, with options as in pci = [...]")
    parser.add_argument(
        "slot", metavar="SLOT", nargs="?", default="", help="the slot in the guest, in hexadecimal (Xen)"
    )


def _detach_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("device", metavar="BDF", help=_BDF)


def _attach(context: Context, options: Namespace) -> int:
    return _change(context, options.domain, "pci-attach", {"device": options.device, "slot": options.slot})


def _detach(context: Context, options: Namespace) -> int:
    return _change(context, options.domain, "pci-detach", {"device": options.device})


def _change(context: Context, ref: str, operation: str, body: dict[str, Any]) -> int:
    """It says nothing of what has gone well, as in xm."""
    follow(context.client, submit(context.client, f"{domain_path(ref)}/{operation}", body))
    return 0


def _device_options(parser: ArgumentParser) -> None:
    parser.add_argument("device", metavar="BDF", help=_BDF)


def _remove_options(parser: ArgumentParser) -> None:
    _device_options(parser)
    parser.add_argument("-r", action="store_true", help="for xl's sake: the host's driver always gets it back")


def _moving(operation: str) -> Callable[[Context, Namespace], int]:
    def run(context: Context, options: Namespace) -> int:
        context.client.post(f"/host/{operation}", {"device": options.device}, seconds=_SECONDS)
        return 0

    return run


_UNTRIED = """
This is for administrators, and untried for want of an IOMMU: it is written against the documents of Linux, QEMU and
xl."""

COMMANDS = {
    "pci-list": Command(
        "xm pci-list [-l | -o FORMAT] DOMAIN",
        "List the PCI devices of the host that a running domain has.",
        _list_options,
        _list,
        examples=(("xm pci-list web", "one on a line, with its options"),),
        see_also=("pci-attach", "pci-assignable-list"),
    ),
    "pci-attach": Command(
        "xm pci-attach DOMAIN BDF [SLOT]",
        f"""\
Give a PCI device of the host to a domain that runs. It must be assignable (xm pci-assignable-add), and the host needs
an IOMMU. On Xen the domain's guest file needs passthrough = 'enabled' or a pci of its own. The guest file stays as it
is; the domain has the device as long as it is there, also when it is rebooted.
{_UNTRIED}""",
        _attach_options,
        _attach,
        examples=(
            ("xm pci-attach web 01:00.0", "a device of the host"),
            ("xm pci-attach web 01:00.0,permissive=1", "with an option of xl's"),
        ),
        see_also=("pci-detach", "pci-assignable-add", "pci-list"),
    ),
    "pci-detach": Command(
        "xm pci-detach DOMAIN BDF",
        f"""\
Have a domain let go of a PCI device. The guest is asked; one that keeps it for ten seconds is told of. The device stays
assignable.
{_UNTRIED}""",
        _detach_options,
        _detach,
        examples=(("xm pci-detach web 01:00.0", "and then, for the host: xm pci-assignable-remove 01:00.0"),),
        see_also=("pci-attach", "pci-assignable-remove"),
    ),
    "pci-assignable-list": Command(
        "xm pci-assignable-list [-o FORMAT]",
        f"""\
List the PCI devices that may be given to domains: those of the driver vfio-pci, or of xen-pciback on Xen.
{_UNTRIED}""",
        _output_options,
        _assignable,
        examples=(("xm pci-assignable-list", "one on a line"),),
        see_also=("pci-assignable-add", "pci-attach"),
    ),
    "pci-assignable-add": Command(
        "xm pci-assignable-add BDF",
        f"""\
Take a PCI device from the host's own drivers, so that it may be given to domains. The host can use it no more: think of
its network card and its disks.
{_UNTRIED}""",
        _device_options,
        _moving("pci-assignable-add"),
        examples=(("xm pci-assignable-add 01:00.0", "then: xm pci-attach web 01:00.0"),),
        see_also=("pci-assignable-list", "pci-assignable-remove"),
    ),
    "pci-assignable-remove": Command(
        "xm pci-assignable-remove [-r] BDF",
        f"""\
Let the host's own driver have a PCI device again.
{_UNTRIED}""",
        _remove_options,
        _moving("pci-assignable-remove"),
        examples=(("xm pci-assignable-remove 01:00.0", "the host uses it again"),),
        see_also=("pci-assignable-add",),
    ),
}
