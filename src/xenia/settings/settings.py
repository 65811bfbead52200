"""What settings there are, with all that is to be told of each."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from xenia.engines.qemu.settings import DEFAULT_BINARY, DEFAULT_UID_BASE
from xenia.engines.xen.hypervisor import PYTHON
from xenia.engines.xen.settings import DEFAULT_DOM0_MIN_MEM, DEFAULT_XL
from xenia.network.attach import DEFAULT_BRIDGE
from xenia.settings.kinds import (
    Address,
    Autostart,
    Bridge,
    File,
    Flag,
    Folders,
    Grants,
    Hosts,
    Interface,
    Kind,
    Methods,
    Name,
    Number,
    Patterns,
    Text,
    Url,
    UsersAndGroups,
    VolumeGroups,
    choice,
)

LOG_FORMATS = ("auto", "text", "json", "journal")
LOG_LEVELS = ("debug", "info", "warning", "error")
ENGINES = ("auto", "xen", "qemu", "simulated")
ACCELERATORS = ("auto", "kvm", "tcg")

DEFAULT_ATTACH_TIMEOUT = 10
DEFAULT_RESTART_LIMIT = 10
DEFAULT_RESTART_WINDOW = 600
DEFAULT_RESTART_DELAY = 2

MASKED = "***"
_SECONDS = Number(1, 86_400, "seconds")


class Effect(StrEnum):
    """When a new value has its effect."""

    AT_ONCE = "at once"
    NEXT_START = "at the next start of a guest"
    BOOT = "at the next boot of the host"
    RESTART = "at the next start of xend"
    WEB = "at the next start of xenia-web"
    LATER = "later: it is kept for migration, which is not there yet"


@dataclass(frozen=True, slots=True)
class Setting:
    """`name` is its key in xend.toml, `bridge.interface` being `interface` in the table [bridge]. `member` is where
    Settings has it. `variable` is its name in the Univention registry, where it has one.
    """

    name: str
    member: str
    default: Any
    kind: Kind
    meaning: str
    effect: Effect
    variable: str = ""
    secret: bool = False

    def of(self, settings: Settings) -> Any:
        return getattr(settings, self.member)

    def said(self, value: Any) -> str:
        """`value` as it would stand in xend.toml, without secrets."""
        return MASKED if self.secret and value else self.kind.to_toml(value)

    def shown(self, value: Any) -> Any:
        """`value` as plain data, without secrets."""
        if self.secret:
            return MASKED if value else ""
        return [str(item) for item in value] if isinstance(value, tuple) else value


def _setting(default: Any, kind: Kind, meaning: str, effect: Effect, **others: Any) -> Any:
    return field(default=default, metadata={"kind": kind, "meaning": meaning, "effect": effect, **others})


@dataclass(frozen=True, slots=True)
class Settings:
    """The values of all settings; what each means stands with it. `roots` are the folder of images by default."""

    roots: tuple[Path, ...] = field(
        metadata={
            "kind": Folders(),
            "meaning": "The folders of the files that guest files may name, unless an administrator starts the guest; "
            "whoever may start guests can have them read what lies there",
            "effect": Effect.RESTART,
        }
    )
    volume_groups: tuple[str, ...] = _setting(
        (),
        VolumeGroups(),
        "The volume groups of LVM in which xm disk makes, changes and removes volumes; whoever may start guests can "
        "have them use any volume there, so those of the host itself do not belong there",
        Effect.RESTART,
    )
    log_level: str = _setting("info", choice(*LOG_LEVELS), "How much xend logs", Effect.AT_ONCE)
    log_format: str = _setting(
        "auto",
        choice(*LOG_FORMATS),
        "How xend and xenia-web log to standard error; auto is journal under systemd, text elsewhere",
        Effect.RESTART,
    )
    socket_group: str = _setting("xen", Name("a group"), "Who may use xend beside root", Effect.RESTART)
    engine: str = _setting(
        "auto", choice(*ENGINES), "What runs the guests; auto is xen in a Domain-0, qemu elsewhere", Effect.RESTART
    )
    accelerator: str = _setting(
        "auto", choice(*ACCELERATORS), "What executes a guest's instructions on QEMU", Effect.RESTART
    )
    qemu: str = _setting(DEFAULT_BINARY, Name("a program"), "The program of QEMU", Effect.RESTART)
    uid_base: int = _setting(
        DEFAULT_UID_BASE,
        Number(1000, 2**32 - 2**17, "the first of 65,536 user ids that are free, as the five before it are"),
        "Where xend is root, each guest of QEMU runs as a user of its own from here on",
        Effect.RESTART,
    )
    background_snapshots: bool = _setting(
        False,
        Flag(),
        "Whether guests on QEMU run on while their memory is saved; the host has to allow it, see saving and snapshots",
        Effect.RESTART,
    )
    xl: str = _setting(DEFAULT_XL, Name("a program"), "The program xl, on Xen", Effect.RESTART)
    system_python: str = _setting(
        PYTHON, Name("a program"), "The Python for which Xen's own Python module is built", Effect.RESTART
    )
    dom0_ballooning: bool = _setting(
        False, Flag(), "Whether Domain-0 gives up memory for a guest that would not fit", Effect.RESTART
    )
    dom0_min_mem: int = _setting(
        DEFAULT_DOM0_MIN_MEM,
        Number(64, 2**31 - 1, "MiB"),
        "What Domain-0 keeps when it gives up memory for guests",
        Effect.RESTART,
    )
    vif_scripts: tuple[Path, ...] = _setting(
        (Path("/etc/xen/scripts"),),
        Folders(),
        "The folders of the scripts that cards may name (`script=`), which are run as root; an empty list for none",
        Effect.RESTART,
    )
    default_bridge: str = _setting(
        DEFAULT_BRIDGE,
        Bridge(),
        "The bridge of cards whose guest file names none",
        Effect.RESTART,
    )
    bridge_interface: str = _setting(
        "",
        Interface(),
        "The card of the host that the default bridge is put over. Nothing: a bridge without a card; none: no bridge",
        Effect.RESTART,
        table="bridge",
        variable="xen/bridge/interface",
    )
    vnc_listen: str = _setting(
        "127.0.0.1",
        Address(),
        "Where VNC listens, where a guest file says nothing; on Xen 127.0.0.1 where it has neither password nor TLS",
        Effect.NEXT_START,
        variable="xen/vnc/listen",
    )
    vnc_password: str = _setting(
        "",
        Text(),
        "The password of VNC, where a guest file says nothing; an empty one is none",
        Effect.NEXT_START,
        variable="xen/vnc/password",
        secret=True,
    )
    vnc_tls: bool = _setting(
        False,
        Flag(),
        "Whether VNC is spoken over TLS alone (VeNCrypt), with the certificate of xenia-web; only while xend runs then",
        Effect.NEXT_START,
        variable="xen/vnc/tls",
    )
    rdp_listen: str = _setting(
        "127.0.0.1",
        Address(),
        "Where the screens of guests with rdp = 1 are shown over RDP, by TLS alone; elsewhere than on 127.0.0.1 those "
        "with a password of VNC",
        Effect.RESTART,
    )
    rdp_port: int = _setting(3389, Number(1, 65_535, "a TCP port"), "The port for that", Effect.RESTART)
    autostart_xend: bool = _setting(
        True,
        Autostart(),
        "Whether xend starts with the host; the host's init asks xend --check-autostart",
        Effect.BOOT,
        table="autostart",
        variable="xen/xend/autostart",
    )
    autostart_domains: bool = _setting(
        True,
        Autostart(),
        "Whether the domains of etc/xen/auto start with the host; xm host-start starts them whatever it says",
        Effect.BOOT,
        table="autostart",
        variable="xen/xendomains/autostart",
    )
    relocation_server: bool = _setting(
        False,
        Flag(),
        "Whether other hosts may send guests here, encrypted",
        Effect.LATER,
        table="relocation",
        variable="xen/server/relocation_ssl",
    )
    relocation_address: str = _setting(
        "0.0.0.0",  # noqa: S104 -- where it may be reached from is what relocation_hosts_allow and the keys decide
        Address(),
        "Where they are awaited",
        Effect.LATER,
        table="relocation",
    )
    relocation_port: int = _setting(
        8003,
        Number(1, 65_535, "a TCP port"),
        "The port for that",
        Effect.LATER,
        table="relocation",
        variable="xen/relocation/port_ssl",
    )
    relocation_hosts_allow: str = _setting(
        "",
        Patterns(),
        "The hosts that may do so; nothing: all that can prove who they are",
        Effect.LATER,
        table="relocation",
        variable="xen/relocation/hosts_allow",
    )
    web_address: str = _setting(
        "0.0.0.0",  # noqa: S104 -- whoever comes has to log in; xenia-web runs where an administrator starts it
        Address(),
        "Where xenia-web listens, by TLS alone",
        Effect.WEB,
        table="web",
    )
    web_port: int = _setting(
        8006, Number(0, 65_535, "a TCP port, 0 for a free one"), "Its port", Effect.WEB, table="web"
    )
    web_certificate: str = _setting(
        "",
        File(),
        "Its certificate, with those that vouch for it below (PEM). Nothing: one that it makes itself",
        Effect.WEB,
        table="web",
    )
    web_key: str = _setting("", File(), "The key of that certificate (PEM)", Effect.WEB, table="web")
    web_administrators: tuple[str, ...] = _setting(
        ("root", "@sudo"),
        UsersAndGroups(),
        "Who may do all, of those who come over the network",
        Effect.AT_ONCE,
        table="web",
    )
    web_operators: tuple[str, ...] = _setting(
        ("@xen",), UsersAndGroups(), "Who may run domains whose files lie below roots", Effect.AT_ONCE, table="web"
    )
    web_viewers: tuple[str, ...] = _setting((), UsersAndGroups(), "Who may look", Effect.AT_ONCE, table="web")
    web_xen_api: bool = _setting(
        False,
        Flag(),
        "Whether the small Xen-API is spoken there as well (XML-RPC), for programs such as fence_xenapi",
        Effect.WEB,
        table="web",
    )
    web_grants: tuple[str, ...] = _setting(
        (),
        Grants(),
        "Who may do what on some domains, beside what they may on all: ROLE USER|@GROUP NAME|tag:TAG; * and ? in NAME "
        "stand for letters",
        Effect.AT_ONCE,
        table="web",
    )
    web_session_hours: int = _setting(
        12, Number(1, 24 * 30, "hours"), "How long a login lasts", Effect.AT_ONCE, table="web"
    )
    web_pam_service: str = _setting(
        "xenia",
        Name("a name"),
        "The service of PAM that is asked for passwords (etc/pam.d/NAME; where there is none: other)",
        Effect.RESTART,
        table="web",
    )
    web_url: str = _setting(
        "",
        Url("an https URL of a host, with its port, or nothing", bare=True),
        "Where browsers find xenia-web. Nothing: at the name of this host, and the port above",
        Effect.AT_ONCE,
        table="web",
    )
    web_second_factor: str = _setting(
        "off",
        choice("off", "optional", "administrators", "required"),
        "Of whom a security key is wanted after the password: of nobody; of who has one; also of all who are "
        "administrators of anything; also of everybody",
        Effect.AT_ONCE,
        table="web",
    )
    oidc_issuer: str = _setting(
        "",
        Url(),
        "The issuer of OpenID Connect that users may log in through, just as it calls itself; nothing for none",
        Effect.AT_ONCE,
        table="oidc",
    )
    oidc_client_id: str = _setting(
        "xenia", Name("a name"), "What this host is called there", Effect.AT_ONCE, table="oidc"
    )
    oidc_client_secret_file: str = _setting(
        "",
        File(),
        "The file with the secret that this host has there. Nothing: it has none",
        Effect.AT_ONCE,
        table="oidc",
    )
    oidc_scopes: str = _setting(
        "openid profile",
        Name("words with blanks between them"),
        "What is asked for there; openid has to be among it",
        Effect.AT_ONCE,
        table="oidc",
    )
    oidc_user_claim: str = _setting(
        "preferred_username",
        Name("a claim"),
        "The claim that names a user, as oidc:NAME in web.administrators and the like; one that users cannot choose",
        Effect.AT_ONCE,
        table="oidc",
    )
    oidc_groups_claim: str = _setting(
        "groups",
        Text("a claim, or nothing"),
        "The claim that names their groups: @oidc:NAME there. Nothing: there are none",
        Effect.AT_ONCE,
        table="oidc",
    )
    oidc_hosts: tuple[str, ...] = _setting(
        (), Hosts(), "The hosts that the issuer answers at beside its own", Effect.AT_ONCE, table="oidc"
    )
    oidc_authority: str = _setting(
        "",
        File(),
        "The file of those who vouch for the issuer's certificate (PEM). Nothing: those that this host trusts",
        Effect.AT_ONCE,
        table="oidc",
    )
    restart_limit: int = _setting(
        DEFAULT_RESTART_LIMIT,
        Number(1, 1_000),
        "How often a domain that ends by itself is started over within restart_window",
        Effect.AT_ONCE,
    )
    restart_window: int = _setting(
        DEFAULT_RESTART_WINDOW, _SECONDS, "The time in which restart_limit counts", Effect.AT_ONCE
    )
    restart_delay: int = _setting(
        DEFAULT_RESTART_DELAY,
        Number(0, 60, "seconds"),
        "How long the second start over waits; each further one waits twice as long",
        Effect.AT_ONCE,
    )
    host_stop: tuple[str, ...] = _setting(
        ("shutdown",),
        Methods(("migrate", "save", "shutdown")),
        "How guests are ended with the host, what is tried first in front; migrate is not possible yet",
        Effect.AT_ONCE,
    )
    host_stop_timeout: int = _setting(
        300, _SECONDS, "How long all guests together have to end with the host", Effect.AT_ONCE
    )
    stop_timeout: int = _setting(
        90, _SECONDS, "How long each has to shut down, where its guest file says nothing", Effect.AT_ONCE
    )
    attach_timeout: int = _setting(
        DEFAULT_ATTACH_TIMEOUT,
        Number(1, 600, "seconds"),
        "How long a guest that is up has to take a disk or card; after that it is unplugged again",
        Effect.AT_ONCE,
    )
    warm_clones: bool = _setting(
        True, Flag(), "Whether clones of snapshots are held ready where xm snapshot warm says so", Effect.AT_ONCE
    )
    bring_back: bool = _setting(
        True, Flag(), "Whether the start of the host starts also what xm host-stop has ended", Effect.AT_ONCE
    )

    @property
    def worker_uid(self) -> int:
        """Where xend is root: who reads what strangers wrote."""
        return self.uid_base - 1

    @property
    def web_uid(self) -> int:
        """Where xend is root: the user of xenia-web."""
        return self.uid_base - 2

    @property
    def rdp_uid(self) -> int:
        """Where xend is root: the user of xrdp."""
        return self.uid_base - 3

    @property
    def login_uid(self) -> int:
        """Where xend is root: who looks at what comes with a login."""
        return self.uid_base - 4

    @property
    def desktop_uid(self) -> int:
        """Where xend is root: who passes on the desktops of guests."""
        return self.uid_base - 5


def _rows() -> dict[str, Setting]:
    rows = {}
    for each in fields(Settings):
        about = dict(each.metadata)
        table = about.pop("table", "")
        name = f"{table}.{each.name.removeprefix(table + '_')}" if table else each.name
        rows[name] = Setting(name, each.name, None if each.name == "roots" else each.default, **about)
    return rows


SETTINGS = _rows()
"""All settings, by their names."""
