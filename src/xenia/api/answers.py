"""What the API answers with: the words of the model in envelopes, turned to JSON without validating them again.

The same dataclasses are what the OpenAPI document describes (`schema`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any

from starlette.responses import Response

from xenia.api.ascii_json import ascii_json
from xenia.api.doors import About
from xenia.model.address import CardAddress
from xenia.model.agent import AgentInfo, Execution, Interface
from xenia.model.audit import Deed
from xenia.model.autostart import Linked, Member
from xenia.model.bitmap import Bitmap
from xenia.model.bridge import HostBridge
from xenia.model.check import Claim
from xenia.model.complaint import Complaint
from xenia.model.conversion import Converted
from xenia.model.domain import Definition, Domain, DomainConfig
from xenia.model.explanation import Explanation
from xenia.model.folder_plan import FolderPlan
from xenia.model.guest_file import Saved, Shown, Version
from xenia.model.handover import GivenHandover
from xenia.model.host import EngineReport, Host
from xenia.model.host_run import HostRun
from xenia.model.image import ImageInfo, ImageList
from xenia.model.issuer import BegunLogin
from xenia.model.job import Job, JobLine
from xenia.model.live import Difference
from xenia.model.login_link import GivenLink
from xenia.model.network import Lease, NetworkRow, OtherBridge
from xenia.model.network_plan import NetworkPlan
from xenia.model.old_config import Imported
from xenia.model.operations import Reason
from xenia.model.pci import HostPci, PciDevice
from xenia.model.pool import Pool
from xenia.model.save import SaveInfo
from xenia.model.scheduling import Share
from xenia.model.security_key import GivenCode, KeyWanted, ShownSecurityKey
from xenia.model.setting import SettingsChange, SettingsReport
from xenia.model.snapshot import Layer, SnapshotDiff, SnapshotShown, Warm
from xenia.model.stats import DiskStats, Stats, VcpuStats, VifStats
from xenia.model.ticket import GivenTicket
from xenia.model.token import GivenToken, ShownToken
from xenia.model.topology import Topology
from xenia.model.usage import UsageHistory
from xenia.model.vcpu import Vcpu
from xenia.model.why import Why
from xenia.store.log import LogPiece


@dataclass(frozen=True, slots=True)
class BitmapList:
    bitmaps: tuple[Bitmap, ...]


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """`choice` says why the engine is this one; `other_engines` what those that were not chosen could do here.
    `unfiltered` is the reason why what guests send is not filtered on this host, "" where it is. `warm` are the clones
    that are held ready, all together.
    """

    host: Host
    engine: EngineReport
    choice: str
    other_engines: tuple[EngineReport, ...]
    xend: About
    unfiltered: str = ""
    warm: Warm = field(default_factory=Warm)


@dataclass(frozen=True, slots=True)
class OperationRow:
    """What may be done with a domain: `refused` says, by its state, when it is not possible and why; in the states
    `idle` there is nothing to do; `unable` is why the engine cannot do it at all, null where it can. `{name}` and
    `{file}` stand for those of the domain.
    """

    name: str
    sentence: str
    role: str
    domain_0: bool
    refused: Mapping[str, Reason]
    idle: tuple[str, ...]
    unable: Reason | None


@dataclass(frozen=True, slots=True)
class OperationList:
    operations: tuple[OperationRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow(Domain):
    """A domain, the six state letters of xm list, and the IP addresses of its cards: null where they were not asked
    for.
    """

    letters: str
    addresses: tuple[CardAddress, ...] | None


@dataclass(frozen=True, slots=True)
class DomainList:
    domains: tuple[DomainRow, ...]


@dataclass(frozen=True, slots=True)
class DomainAnswer:
    """`config` is what runs, as it was started; null for a domain that does not run and for Domain-0. `macs` are the
    addresses of its cards in list order, `bridges` what they are on, null for user-mode networking. `interfaces` are
    what the agent in the guest tells of its network, where it is asked for and the agent answers. A VNC password is
    never told: `***` stands for it.
    """

    domain: DomainRow
    config: DomainConfig | None
    definition: Definition
    macs: tuple[str, ...]
    bridges: tuple[str | None, ...]
    interfaces: tuple[Interface, ...]


@dataclass(frozen=True, slots=True)
class CallerAnswer:
    """Who asks: `address` is where they come from, "" for this host, `token` the id of what they have shown. `role` is
    theirs on the whole host, or `none`; `grants` are what they may besides: `ROLE NAME` or `ROLE tag:TAG`. `by` is the
    user or the @group of the settings that gives them the role, "" where nothing in there does.
    """

    name: str
    role: str
    address: str
    token: str
    grants: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class SecurityKeyList:
    """Oldest first. `policy` is of whom one is wanted, `origin` the place in browsers that they are made for. `refused`
    says why who asks can add none; null where they can.
    """

    security_keys: tuple[ShownSecurityKey, ...]
    policy: str
    origin: str
    refused: Reason | None


@dataclass(frozen=True, slots=True)
class WaysToLogIn:
    """How somebody may log in here: `password` with that of a user of the host, `oidc` through an issuer."""

    password: bool
    oidc: bool


@dataclass(frozen=True, slots=True)
class TokenList:
    """Oldest first. `refused` says why who asks can make none; null where they can."""

    tokens: tuple[ShownToken, ...]
    refused: Reason | None


@dataclass(frozen=True, slots=True)
class DeedList:
    """Who did what, the oldest first."""

    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """All of it is what the agent in the guest says."""

    agent: AgentInfo


@dataclass(frozen=True, slots=True)
class InterfaceList:
    """Those that are cards of ours first."""

    interfaces: tuple[Interface, ...]


@dataclass(frozen=True, slots=True)
class PingAnswer:
    """The seconds that the agent took to answer."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ProcessAnswer:
    """The process of a command, as the guest counts them."""

    pid: int


@dataclass(frozen=True, slots=True)
class ExecutionAnswer:
    execution: Execution


@dataclass(frozen=True, slots=True)
class DomainVcpus:
    domain: str
    domid: int | None
    vcpus: tuple[Vcpu, ...]


@dataclass(frozen=True, slots=True)
class VcpuList:
    """By domain id."""

    domains: tuple[DomainVcpus, ...]


@dataclass(frozen=True, slots=True)
class DomainShare:
    domain: str
    domid: int | None
    share: Share


@dataclass(frozen=True, slots=True)
class ShareList:
    """By domain id."""

    domains: tuple[DomainShare, ...]


@dataclass(frozen=True, slots=True)
class NetworkList:
    """`bridges` are those of the host that belong to no network."""

    networks: tuple[NetworkRow, ...]
    bridges: tuple[OtherBridge, ...]


@dataclass(frozen=True, slots=True)
class NetworkAnswer:
    """`text` is the definition; `leases` what DHCP has given."""

    network: NetworkRow
    text: str
    etag: str
    leases: tuple[Lease, ...]


@dataclass(frozen=True, slots=True)
class PoolList:
    """`free` are the CPUs of the host that are in no pool."""

    pools: tuple[Pool, ...]
    free: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PciList:
    devices: tuple[PciDevice, ...]


@dataclass(frozen=True, slots=True)
class HostPciList:
    devices: tuple[HostPci, ...]


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """What a program or a log says, line by line."""

    text: str


@dataclass(frozen=True, slots=True)
class AutostartAnswer:
    """`members` are in the order in which they start, those that cannot at the end. `obstacle` says why none would be
    started, "" where they would. `last` is the last start or stop of the host, as far as it has come.
    """

    members: tuple[Member, ...]
    obstacle: str
    last: HostRun | None


@dataclass(frozen=True, slots=True)
class StatsRow:
    domain: DomainRow
    stats: Stats


@dataclass(frozen=True, slots=True)
class StatsAnswer:
    """By domain id. `at` is in seconds of a clock that is never set back: rates are differences over it."""

    at: float
    host: Host
    domains: tuple[StatsRow, ...]


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    config: DomainConfig
    engine: str
    complaints: tuple[Complaint, ...]
    rendered: str


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """`name` is the domain's, null where the file has no meaning; `assumed` what was taken for granted of an engine
    that is not here. A complaint of severity `error` is one for which create would refuse the file. `claims` are what
    no other domain may have as well.
    """

    file: str
    name: str | None
    engine: str
    assumed: tuple[str, ...]
    complaints: tuple[Complaint, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class ExplainAnswer(Explanation):
    """`remarks` are those about no line; `rendered` is the engine's own form, empty where the file has no meaning."""


@dataclass(frozen=True, slots=True)
class ConvertAnswer(Converted):
    """`text` in the `form` asked for."""


@dataclass(frozen=True, slots=True)
class JobAnswer:
    job: Job


@dataclass(frozen=True, slots=True)
class JobList:
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class JobLog:
    lines: tuple[JobLine, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """An error (RFC 9457). `detail` says what happened and why, `hint` what to do next; `exit_code` is what xm ends
    with. `complaints` where a guest file is at fault; `job` where a job has failed.
    """

    title: str
    status: int
    detail: str
    kind: str
    hint: str | None
    exit_code: int
    complaints: tuple[Complaint, ...] | None = None
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class GuestFileRow:
    """`domain` is the one that the file defines, or ""; then `problem` says why."""

    file: str
    etag: str
    domain: str
    problem: str


@dataclass(frozen=True, slots=True)
class GuestFileList:
    files: tuple[GuestFileRow, ...]


@dataclass(frozen=True, slots=True)
class VersionList:
    """The versions of a guest file that are kept, the oldest first."""

    file: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class VersionAnswer:
    text: str


@dataclass(frozen=True, slots=True)
class StartFileAnswer:
    """The guest file, an absolute path, that a domain is to be started from."""

    domain: str
    file: str


@dataclass(frozen=True, slots=True)
class RunningAnswer:
    """A domain as it runs: `text` is a guest file that would start it again as it is."""

    domain: str
    domid: int
    text: str


@dataclass(frozen=True, slots=True)
class SaveAnswer:
    """What a save says of itself."""

    save: SaveInfo


@dataclass(frozen=True, slots=True)
class SnapshotList:
    """The snapshots of a domain, the oldest first."""

    domain: str
    snapshots: tuple[SnapshotShown, ...]


@dataclass(frozen=True, slots=True)
class SnapshotAnswer:
    """A snapshot, with its layers and with the guest file as it was."""

    snapshot: SnapshotShown
    layers: tuple[Layer, ...]
    text: str


@dataclass(frozen=True, slots=True)
class DifferenceList:
    """In what a domain that runs is not as its guest file wants it."""

    domain: str
    domid: int
    differences: tuple[Difference, ...]


ANSWERS = (
    HostAnswer,
    OperationList,
    BitmapList,
    DomainList,
    DomainAnswer,
    AgentAnswer,
    InterfaceList,
    PingAnswer,
    ProcessAnswer,
    ExecutionAnswer,
    VcpuList,
    ShareList,
    NetworkList,
    NetworkAnswer,
    NetworkPlan,
    SnapshotList,
    SnapshotAnswer,
    SnapshotDiff,
    PoolList,
    TextAnswer,
    PciList,
    HostPciList,
    SettingsReport,
    SettingsChange,
    Imported,
    LogPiece,
    DeedList,
    HostBridge,
    Topology,
    AutostartAnswer,
    Linked,
    StatsAnswer,
    UsageHistory,
    Why,
    PlanAnswer,
    CheckAnswer,
    ExplainAnswer,
    ConvertAnswer,
    JobAnswer,
    JobList,
    JobLog,
    Problem,
    GuestFileList,
    Shown,
    Saved,
    VersionList,
    VersionAnswer,
    RunningAnswer,
    SaveAnswer,
    StartFileAnswer,
    DifferenceList,
    FolderPlan,
    ImageList,
    ImageInfo,
    CallerAnswer,
    GivenTicket,
    GivenToken,
    BegunLogin,
    WaysToLogIn,
    KeyWanted,
    GivenLink,
    GivenHandover,
    SecurityKeyList,
    ShownSecurityKey,
    GivenCode,
    ShownToken,
    TokenList,
)


def _flat(cls: type) -> Callable[[Any], dict[str, Any]]:
    """How a `cls` without anything nested becomes a member of JSON, in an eighth of the time of to_plain: for what is
    asked for most of all.
    """
    members = tuple(field.name for field in fields(cls))
    values = attrgetter(*members)
    return lambda value: dict(zip(members, values(value), strict=True))


_domain, _vcpu, _disk, _vif = _flat(Domain), _flat(VcpuStats), _flat(DiskStats), _flat(VifStats)
_address = _flat(CardAddress)
usage_history = _flat(UsageHistory)
"""As the members of JSON."""


def row(domain: Domain, addresses: Sequence[CardAddress] | None = None) -> dict[str, Any]:
    """A domain as a member of JSON."""
    told = None if addresses is None else list(map(_address, addresses))
    return _domain(domain) | {"letters": domain.state.letters, "addresses": told}


def without_problem(domain: Domain) -> Domain:
    """Of a guest file that cannot be used, only that it cannot: the reason may quote it."""
    return replace(domain, problem="it cannot be used") if domain.problem else domain


def stats_rows(domains: Iterable[tuple[Domain, Stats]]) -> list[dict[str, Any]]:
    """The members of StatsAnswer.domains."""
    return [{"domain": row(domain), "stats": _stats(stats)} for domain, stats in domains]


def _stats(stats: Stats) -> dict[str, Any]:
    return {
        "vcpus": list(map(_vcpu, stats.vcpus)),
        "disks": None if stats.disks is None else list(map(_disk, stats.disks)),
        "vifs": list(map(_vif, stats.vifs)),
    }


def json_response(
    plain: Any, status: int = 200, *, headers: Mapping[str, str] | None = None, media_type: str = "application/json"
) -> Response:
    """An answer of what `to_plain` makes, as `ascii_json` writes it."""
    return Response(ascii_json(plain), status, headers, media_type)
