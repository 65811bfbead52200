"""xm usb-list, usb-attach, usb-detach."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.long import add_long, print_devices
from xenia.cli.running import running
from xenia.client.domains import domain_path, follow, submit
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from xenia.cli.command import Context

_HEADER = ("Device", "Kind")


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    add_long(parser)
    add_output(parser, "text", "json")


def _list(context: Context, options: Namespace) -> int:
    devices = running(context, options.domain, "USB devices")["config"]["platform"]["usb_devices"]
    rows = [(device, "host" if device.startswith("host") else "emulated") for device in devices]
    from xenia.cli.output import print_data, table
    from xenia.cli.sxp import describe_usb

    if options.long:
        print_devices(map(describe_usb, devices))
    elif options.output == "json":
        print_data([{"device": device, "kind": kind} for device, kind in rows], options.output)
    else:
        print(table([_HEADER, *(tuple(map(printable, row)) for row in rows)]))
    return 0


def _device_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument(
        "device",
        metavar="DEVICE",
        nargs="+",
        help="tablet, mouse, keyboard, host:BUS.ADDRESS, host:VENDOR:PRODUCT, or xl's hostbus=BUS hostaddr=ADDRESS",
    )
    add_output(parser, "text", "json")


def _changing(operation: str) -> Callable[[Context, Namespace], int]:
    """Text says nothing of what has gone well, as in xm."""

    def run(context: Context, options: Namespace) -> int:
        job = submit(context.client, f"{domain_path(options.domain)}/{operation}", {"device": ",".join(options.device)})
        result = follow(context.client, job)["result"]
        if options.output == "json":
            from xenia.cli.output import print_data

            print_data(result, options.output)
        return 0

    return run


_UNTRIED = """
Handing out devices of the host is for administrators. It is written against the documents of QEMU and xl, and untried
for want of hardware."""

COMMANDS = {
    "usb-list": Command(
        "xm usb-list [-l | -o FORMAT] DOMAIN",
        "List the USB devices of a running domain: those of its usbdevice, and those that were plugged in since.",
        _options,
        _list,
        examples=(("xm usb-list winxp", "in columns"), ("xm usb-list -o json winxp", "for a program")),
        see_also=("usb-attach", "usb-detach"),
    ),
    "usb-attach": Command(
        "xm usb-attach [-o FORMAT] DOMAIN DEVICE",
        f"""\
Plug a USB device into a domain that runs: an emulated one, or one of the host by bus and address or by vendor and
product (lsusb shows both). A USB controller is made where there is none. The guest file stays as it is; the device
stays as long as the domain does, also when that is rebooted.

On Xen, emulated devices are for HVM guests whose file has usb = 1.
{_UNTRIED}""",
        _device_options,
        _changing("usb-attach"),
        examples=(
            ("xm usb-attach winxp tablet", "a pointer that follows the viewer's"),
            ("xm usb-attach winxp host:046d:c077", "a mouse of the host"),
            ("xm usb-attach winxp hostbus=1 hostaddr=3", "as xl has it"),
        ),
        see_also=("usb-list", "usb-detach"),
    ),
    "usb-detach": Command(
        "xm usb-detach [-o FORMAT] DOMAIN DEVICE",
        "Unplug a USB device from a domain that runs. The guest is not asked, as when a plug is pulled.",
        _device_options,
        _changing("usb-detach"),
        examples=(("xm usb-detach winxp tablet", "xm usb-list winxp shows what there is"),),
        see_also=("usb-list", "usb-attach"),
    ),
}
