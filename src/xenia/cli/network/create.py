"""xm network create: options become the text of a definition."""

from __future__ import annotations

import sys

from xenia.cli.command import Command
from xenia.cli.network.plan import add_yes, planned, show_plan, sure
from xenia.cli.network.ref import network_path
from xenia.client.domains import follow, submit
from xenia.client.errors import ClientError, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from xenia.cli.command import Context

_MODES = ("nat", "routed", "isolated", "bridge")
_LIMIT = 64 << 10


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("network", metavar="NAME", help="its name; its bridge is called so, too, unless named")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--nat", action="store_true", help="guests reach out under the host's address")
    modes.add_argument("--routed", action="store_true", help="guests have addresses of their own; the host routes")
    modes.add_argument("--isolated", action="store_true", help="guests reach each other only")
    modes.add_argument("--bridge", action="store_true", help="guests are on the wire of the bridge")
    modes.add_argument("--from", dest="source", metavar="FILE", help="take the definition from FILE (- for the input)")
    parser.add_argument("--bridge-name", metavar="BRIDGE", help="what its bridge on the host is called")
    parser.add_argument("--subnet", metavar="SUBNET", action="append", default=[], help="10.20.0.0/24 or fd00:20::/64")
    parser.add_argument(
        "--dhcp", metavar="FIRST-LAST", help="the addresses that DHCP gives (default: all that are free)"
    )
    parser.add_argument("--no-dhcp", action="store_true", help="give no addresses")
    parser.add_argument("--domain", metavar="NAME", help="the DNS domain of the guests")
    parser.add_argument("--interface", metavar="INTERFACE", help="the card of the host behind it; the only way out")
    parser.add_argument("--openvswitch", action="store_true", help="with --bridge: that of Open vSwitch which is there")
    parser.add_argument("--vlan", metavar="NUMBER", type=int, help="with --bridge: that VLAN of the card or switch")
    parser.add_argument("--mtu", metavar="BYTES", type=int, help="the size of its packets")
    parser.add_argument("--isolate", action="store_true", help="keep its guests from each other")
    parser.add_argument("--proxy", action="store_true", help="with --routed: answer for the guests on the card")
    parser.add_argument(
        "--lease", metavar="MAC=ADDRESS", action="append", default=[], help="a card that always gets this address"
    )
    parser.add_argument(
        "--forward",
        metavar="PORT:ADDRESS[:PORT]",
        action="append",
        default=[],
        help="what reaches a port of the host goes there; udp/53:... for UDP",
    )
    parser.add_argument("-n", "--dryrun", action="store_true", help="show the definition and the plan only")
    add_yes(parser)


def _create(context: Context, options: Namespace) -> int:
    path = network_path(options.network)
    text = read_source(options.source) if options.source else "\n".join(_lines(options)) + "\n"
    if options.dryrun:
        print(text)
    if any(row["name"] == options.network for row in context.client.get("/networks")["networks"]):
        name = options.network
        raise ClientError(f"there is a network '{name}' already", kind="conflict", hint=f"xm network edit {name}")
    show_plan(planned(context, options.network, text))
    if options.dryrun:
        return 0
    if options.source is None and not sys.stdin.isatty():
        options.yes = True  # who has typed all of it in a script has been asked already
    sure(options, "network create")
    follow(context.client, submit(context.client, path, {"text": text}, method="put"))
    return 0


def read_source(file: str) -> str:
    """The text of a file, or of the input. Raises ClientError."""
    try:
        if file == "-":
            return sys.stdin.read(_LIMIT + 1)
        with open(file, encoding="utf-8") as opened:
            return opened.read(_LIMIT + 1)
    except UnicodeDecodeError:
        raise ClientError(f"{file} is not in UTF-8") from None
    except OSError as error:
        raise ClientError(f"cannot read {file}: {error.strerror}") from None


def _lines(options: Namespace) -> Iterator[str]:
    mode = next((mode for mode in _MODES if getattr(options, mode)), None)
    if mode is None:
        raise usage("network create: what kind of network?", "--nat, --routed, --isolated or --bridge")
    yield f"mode = {_text(mode)}"
    for key in ("bridge_name", "interface", "domain"):
        if getattr(options, key) is not None:
            yield f"{key.removesuffix('_name')} = {_text(getattr(options, key))}"
    for key in ("vlan", "mtu"):
        if getattr(options, key) is not None:
            yield f"{key} = {getattr(options, key)}"
    yield from _subnets(options.subnet)
    if options.no_dhcp:
        yield "dhcp = false"
    elif options.dhcp is not None:
        first, sign, last = options.dhcp.partition("-")
        if not sign:
            raise usage("network create: --dhcp takes two addresses", "--dhcp 10.20.0.100-10.20.0.199")
        yield f"dhcp = [{_text(first)}, {_text(last)}]"
    for key in ("isolate", "proxy", "openvswitch"):
        if getattr(options, key):
            yield f"{key} = true"
    for word in options.lease:
        mac, sign, ip = word.partition("=")
        if not sign:
            raise usage(f"network create: '{word}' is no lease", "--lease 00:16:3e:00:00:01=10.20.0.5")
        yield from ("", "[[lease]]", f"mac = {_text(mac)}", f"ip = {_text(ip)}")
    for word in options.forward:
        yield from ("", "[[forward]]", *_forward(word))


def _subnets(words: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    for word in words:
        key = "subnet6" if ":" in word else "subnet"
        if key in seen:
            raise usage("network create: a network has one subnet of each kind", "make another network")
        seen.add(key)
        yield f"{key} = {_text(word)}"


def _forward(word: str) -> Iterator[str]:
    protocol, sign, rest = word.rpartition("/")
    port, colon, target = rest.partition(":")
    if not colon:
        raise usage(f"network create: '{word}' is no forward", "--forward 8080:10.20.0.5:80")
    if sign:
        yield f"protocol = {_text(protocol)}"
    yield f"port = {port if port.isdecimal() else _text(port)}"
    yield f"to = {_text(target)}"


def _text(word: str) -> str:
    """A text of TOML."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in escaped) + '"'


COMMANDS = {
    "create": Command(
        "xm network create NAME (--nat | --routed | --isolated | --bridge | --from FILE) [OPTION...]",
        """\
Define a network and make it: show the definition's plan, ask where a person can be asked, write the definition to
/etc/xen/networks/NAME.toml and apply it. Whatever speaks against it is told before anything changes.

A guest is on it with network=NAME in vif = [...] of its guest file.

  --nat       guests get addresses from the host and reach out under the host's address; DNS knows them by their names;
              --forward lets the world reach ports of theirs
  --routed    guests get addresses of their own; the world must send those to this host, or --proxy answers for them
  --isolated  guests get addresses and reach each other, and of the host only DHCP, DNS and ping
  --bridge    a bridge without addresses of the host; with --interface a card of the host, or a VLAN of it, is on it;
              with --openvswitch a bridge of Open vSwitch is used as it is, and guests are in the VLAN of --vlan""",
        _options,
        _create,
        examples=(
            ("xm network create lan --nat --subnet 10.20.0.0/24", "the usual one"),
            ("xm network create lan --nat --subnet 10.20.0.0/24 --subnet fd00:20::/64 --domain lan", "and IPv6"),
            ("xm network create web --nat --subnet 10.21.0.0/24 --forward 8080:10.21.0.5:80", "a port from outside"),
            ("xm network create dmz --bridge --interface eth1 --vlan 12", "a VLAN of the wire"),
            ("xm network create blue --bridge --openvswitch --bridge-name ovsbr0 --vlan 12", "a VLAN of Open vSwitch"),
            ("xm network create lab --isolated --subnet 10.22.0.0/24 -n", "only look at it"),
        ),
        see_also=("network list", "network edit", "network delete"),
    ),
}
