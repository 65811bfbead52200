"""What the API is sent."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from xenia.manager.freezing import LONGEST, SECONDS
from xenia.model.agent import ShutdownMode
from xenia.model.change import Action, Change
from xenia.model.check import CheckRequest
from xenia.model.clone import CloneRequest
from xenia.model.conversion import ConvertRequest, Form, SourceForm
from xenia.model.dump import After, DumpRequest
from xenia.model.errors import invalid
from xenia.model.image import ImageFormat
from xenia.model.keys import HOLD
from xenia.model.request import CreateRequest
from xenia.model.save import Afterwards, RestoreRequest, SaveRequest
from xenia.model.scope import Scope
from xenia.model.signal import Trigger
from xenia.model.snapshot import SnapshotRequest
from xenia.model.ticket import Door
from xenia.model.vif import LinkState


def _whole(text: str) -> str:
    """Bytes of a file name that are no UTF-8 may come in the form in which Python holds them, lone surrogates not."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(f"character {error.start} is half of a surrogate pair") from None
    return text


Text = Annotated[str, AfterValidator(_whole)]


class Body(BaseModel):
    """Nothing is converted (`false` is no number, `"1"` none either) and nothing unknown is passed over."""

    model_config = ConfigDict(strict=True, extra="forbid")


class GuestFileBody(Body):
    """A guest file, read by the caller with the caller's own rights."""

    text: Annotated[Text, Field(description="the content of the guest file")]
    file: Annotated[Text, Field(description="its absolute path, or empty for a text without one")] = ""
    overrides: Annotated[list[Text], Field(description="key=value words that beat the file, in order")] = []


class StartBody(Body):
    paused: Annotated[bool, Field(description="leave the guest's CPUs stopped")] = False


class CreateBody(GuestFileBody):
    paused: Annotated[bool, Field(description="leave the guest's CPUs stopped")] = False
    domain: Annotated[Text, Field(description="the name that the file must give the domain; empty for any")] = ""

    def request(self) -> CreateRequest:
        return CreateRequest(self.text, self.file, tuple(self.overrides), self.paused, self.domain)


class CheckBody(GuestFileBody):
    engine: Annotated[str, Field(description="the engine that it is meant for; empty for the one at hand")] = ""
    host: Annotated[bool, Field(description="look at this host too: images, bridges, memory, other domains")] = True

    def request(self) -> CheckRequest:
        return CheckRequest(self.text, self.file, tuple(self.overrides), self.engine, self.host)


class ChangeBody(Body):
    """One change of a guest file (model.change)."""

    action: Annotated[Literal["set", "unset", "add", "remove"], Field(description="what to do with the key")]
    key: Annotated[Text, Field(description="the key, such as memory or disk")]
    value: Annotated[Text, Field(description="the value, the item to add, or the name of the one to remove")] = ""


class EditBody(Body):
    changes: Annotated[list[ChangeBody], Field(description="the changes, made one after the other", min_length=1)]

    def wanted(self) -> list[Change]:
        return [Change(Action(each.action), each.key, each.value) for each in self.changes]


class TextBody(Body):
    text: Annotated[Text, Field(description="the whole content")]


class RevertBody(Body):
    version: Annotated[int | None, Field(description="its number; null for the one before the last")] = None


class FolderBody(Body):
    folder: Annotated[Text, Field(description="the absolute path of a folder of guest files; empty for what runs")] = ""
    remove: Annotated[bool, Field(description="remove the guest files that the folder does not have")] = False


class ApplyBody(FolderBody):
    digest: Annotated[str, Field(description="that of the plan which was looked at")]


class ConvertBody(GuestFileBody):
    to: Annotated[Form, Field(description="the form wanted", strict=False)]
    source: Annotated[
        SourceForm | None, Field(description="what the text is; where it is not said, the text tells", strict=False)
    ] = None

    def request(self) -> ConvertRequest:
        return ConvertRequest(self.text, self.to, self.file, tuple(self.overrides), self.source)


class ScopedBody(Body):
    scope: Annotated[Scope, Field(description="where the change is made", strict=False)] = Scope.BOTH


UntilTaken = Annotated[bool, Field(description="unplug it again if the guest is up and does not take it in time")]


class DiskBody(ScopedBody):
    spec: Annotated[Text, Field(description="the disk, written as an item of disk = [...]")]
    folder: Annotated[Text, Field(description="the absolute path below which a path that is not absolute lies")] = "/"


class AttachDiskBody(DiskBody):
    until_taken: UntilTaken = True


class DetachDiskBody(ScopedBody):
    device: Annotated[Text, Field(description="the target of the disk, such as xvdb")]
    force: Annotated[bool, Field(description="also the disk that the guest boots from")] = False


class FlattenDiskBody(Body):
    device: Annotated[Text, Field(description="the target of the disk, such as xvda")]


class MoveDiskBody(FlattenDiskBody):
    path: Annotated[Text, Field(description="the new image, or with / at its end the folder for it")]
    format: Annotated[ImageFormat | None, Field(description="null for what its name says", strict=False)] = None
    delete: Annotated[bool, Field(description="remove the old image afterwards")] = False


class ExportDiskBody(FlattenDiskBody):
    listen: Annotated[Text, Field(description="ADDRESS:PORT; empty for a socket of the caller's")] = ""
    bitmap: Annotated[Text, Field(description="tell what was changed since this bitmap was made; empty for none")] = ""


class BitmapBody(FlattenDiskBody):
    name: Annotated[Text, Field(description="of the bitmap")]


class EjectBody(ScopedBody):
    device: Annotated[Text, Field(description="the target of the CD-ROM drive, such as hdc")]
    force: Annotated[bool, Field(description="also when the guest has locked the drive")] = False


class InsertBody(EjectBody):
    path: Annotated[Text, Field(description="the image, or a device of the host")]
    folder: Annotated[Text, Field(description="the absolute path below which a path that is not absolute lies")] = "/"


class AttachVifBody(ScopedBody):
    spec: Annotated[Text, Field(description="the card, written as an item of vif = [...]")] = ""
    until_taken: UntilTaken = True


class ConfigureVifBody(ScopedBody):
    card: Annotated[Text, Field(description="its number or its address")]
    link: Annotated[LinkState, Field(description="`down`: as if its cable were pulled out", strict=False)]


class DetachVifBody(ScopedBody):
    card: Annotated[Text, Field(description="its number or its address")]


class RenameBody(Body):
    name: Annotated[Text, Field(description="the new name")]


class DumpBody(Body):
    file: Annotated[Text, Field(description="the absolute path of the file; empty for one in the dump folder")] = ""
    live: Annotated[bool, Field(description="let the guest run on meanwhile, where the engine can")] = False
    then: Annotated[After, Field(description="what becomes of the domain afterwards", strict=False)] = After.NOTHING

    @field_validator("file")
    @classmethod
    def _absolute(cls, file: str) -> str:
        if file and not file.startswith("/"):
            raise ValueError("it must be absolute")
        return file

    def request(self) -> DumpRequest:
        return DumpRequest(self.file, self.live, self.then)


def _absolute(file: str) -> str:
    if not file.startswith("/") or "\0" in file:
        raise ValueError("it must be absolute")
    return file


class SaveBody(Body):
    file: Annotated[Text, AfterValidator(_absolute), Field(description="the absolute path of the file")]
    then: Annotated[Afterwards, Field(description="what becomes of the domain afterwards", strict=False)] = (
        Afterwards.END
    )

    def request(self) -> SaveRequest:
        return SaveRequest(self.file, self.then)


class CloneBody(Body):
    name: Annotated[Text, Field(description="its name, or what the names of several begin with")] = ""
    count: Annotated[int, Field(ge=1, le=1000, description="how many")] = 1
    snapshot: Annotated[Text, Field(description="the snapshot to begin from; nothing for the domain as it is")] = ""
    running: Annotated[bool, Field(description="with the memory of a guest that runs")] = False
    full: Annotated[bool, Field(description="with disks that stand alone")] = False

    def request(self) -> CloneRequest:
        return CloneRequest(self.name, self.count, self.snapshot, self.running, self.full)


class WarmBody(Body):
    count: Annotated[int, Field(ge=0, description="how many clones are to be held ready; 0 ends them")]


class SnapshotBody(Body):
    name: Annotated[Text, Field(description="its name, or nothing for one that is made up")] = ""
    description: Annotated[Text, Field(description="what is to be remembered of it")] = ""
    memory: Annotated[bool, Field(description="with the memory of a guest that runs")] = False

    def request(self) -> SnapshotRequest:
        return SnapshotRequest(self.name, self.description, self.memory)


class RestoreBody(Body):
    file: Annotated[Text, AfterValidator(_absolute), Field(description="the absolute path of the file")]
    paused: Annotated[bool, Field(description="leave the guest's CPUs stopped")] = False
    changed: Annotated[bool, Field(description="go on also where a disk is not as it was")] = False

    def request(self) -> RestoreRequest:
        return RestoreRequest(self.file, self.paused, self.changed)


class ResumeBody(Body):
    paused: Annotated[bool, Field(description="leave the guest's CPUs stopped")] = False
    changed: Annotated[bool, Field(description="go on also where a disk is not as it was")] = False
    discard: Annotated[bool, Field(description="forget what it was doing: it boots at its next start")] = False


class HostStopBody(Body):
    timeout: Annotated[
        float | None,
        Field(
            description="seconds for all domains; 0 destroys them at once; null for those of xend.toml", ge=0, le=86400
        ),
    ] = None


class TicketBody(Body):
    door: Annotated[Door, Field(alias="for", description="what it opens", strict=False)]


class AutostartBody(Body):
    number: Annotated[
        int | None,
        Field(
            description="its place: lower ones start first; null for the one that it has, or the last", ge=0, lt=10**6
        ),
    ] = None


class MemoryBody(ScopedBody):
    size: Annotated[int, Field(description="MiB", ge=1, le=1 << 26)]


class VcpusBody(Body):
    count: Annotated[int, Field(description="how many", ge=1, le=4096)]
    scope: Annotated[Scope, Field(description="where the change is made", strict=False)] = Scope.BOTH
    ignore_host: Annotated[bool, Field(description="also more than the host has CPUs")] = False


class ShareBody(Body):
    weight: Annotated[int | None, Field(description="against the other domains; null: as it is", ge=1, le=65535)] = None
    cap: Annotated[
        int | None, Field(description="percent of one CPU at most, 0 for no limit; null: as it is", ge=0, le=1 << 20)
    ] = None
    scope: Annotated[Scope, Field(description="where the change is made", strict=False)] = Scope.BOTH


class NewPoolBody(Body):
    name: Annotated[Text, Field(description="its name")]
    scheduler: Annotated[Text, Field(description="credit2, credit, rtds or null")] = "credit2"
    cpus: Annotated[Text, Field(description="CPUs of the host that are in no pool; empty for none")] = ""


class PoolCpusBody(Body):
    cpus: Annotated[Text, Field(description="CPUs of the host: 2, 0-3, 0-7,^1")]


class PoolBody(Body):
    pool: Annotated[Text, Field(description="the name of a CPU pool")]
    scope: Annotated[Scope, Field(description="where the change is made", strict=False)] = Scope.BOTH


class PinBody(Body):
    vcpu: Annotated[int | None, Field(description="the number of a virtual CPU; null for each", ge=0)] = None
    cpus: Annotated[
        Text, Field(description="CPUs of the host to run on only: all, 2, 0-3, 0-7,^1; empty: as they are")
    ] = ""
    soft: Annotated[Text, Field(description="CPUs to run on rather than on others; empty: as they are")] = ""
    scope: Annotated[Scope, Field(description="where the change is made", strict=False)] = Scope.BOTH


class UsbBody(Body):
    device: Annotated[Text, Field(description="tablet, mouse, keyboard, host:BUS.ADDRESS or host:VENDOR:PRODUCT")]


class AddressBody(Body):
    device: Annotated[Text, Field(description="bus, device and function, such as 01:00.0")]


class PciBody(AddressBody):
    slot: Annotated[Text, Field(description="the slot in the guest, in hexadecimal; empty for a free one")] = ""


class KeysBody(Body):
    keys: Annotated[list[Text], Field(description="what is pressed one after the other: ctrl-alt-delete, ret, a")] = []
    text: Annotated[Text, Field(description="what is typed before that, on a keyboard of the US")] = ""
    hold: Annotated[int, Field(description="the milliseconds for which each key is held down")] = HOLD


class SysrqBody(Body):
    key: Annotated[Text, Field(description="a letter or digit")]


class TriggerBody(Body):
    trigger: Annotated[Trigger, Field(description="the signal", strict=False)]
    vcpu: Annotated[int | None, Field(description="the number of a virtual CPU; null for the first", ge=0)] = None


class MonitorBody(Body):
    command: Annotated[Text, Field(description="a line for the human monitor of QEMU")]


class DebugKeysBody(Body):
    keys: Annotated[Text, Field(description="the keys, one character each")]


class OperationBody(Body):
    until_gone: Annotated[
        bool, Field(description="the job ends when the guest has ended (shutdown) or started over (reboot)")
    ] = False
    mode: Annotated[
        ShutdownMode, Field(description="how the guest is asked to shut down or to reboot", strict=False)
    ] = ShutdownMode.AUTO


class FreezeBody(Body):
    seconds: Annotated[float, Field(description="it is thawed by itself after so long", gt=0, le=LONGEST)] = SECONDS


class ExecBody(Body):
    command: Annotated[
        list[Text], Field(description="a program of the guest, and its arguments", min_length=1, max_length=1000)
    ]
    stdin: Annotated[Text, Field(description="what it reads, as base64")] = ""

    @property
    def input(self) -> bytes:
        """Raises invalid."""
        try:
            return base64.b64decode(self.stdin, validate=True)
        except ValueError:
            raise invalid("stdin is no base64") from None


class NetworkBody(Body):
    text: Annotated[Text, Field(description="the definition, in TOML")]
    etag: Annotated[
        Text | None, Field(description="the etag of the definition that is replaced; null for a new network")
    ] = None


class NetworkPlanBody(Body):
    network: Annotated[Text, Field(description="its name; empty for all")] = ""
    text: Annotated[Text | None, Field(description="a definition to plan with; null for the one that is kept")] = None


class NetworkApplyBody(Body):
    network: Annotated[Text, Field(description="its name; empty for all")] = ""
    digest: Annotated[str, Field(description="that of the plan which was looked at; empty for any")] = ""


class SettingsBody(Body):
    changes: Annotated[
        dict[Text, Annotated[Text, Field(max_length=4096)] | None],
        Field(
            min_length=1,
            max_length=64,
            description="new values as texts, by the names of settings or of their variables in UCR; null takes "
            "one out",
        ),
    ]


class ImportBody(Body):
    text: Annotated[Text, Field(description="the content of xend-config.sxp")]
    file: Annotated[Text, Field(description="its absolute path, or empty for a text without one")] = ""
    write: Annotated[bool, Field(description="change xend.toml, not only tell what would change")] = False
