"""A guest file, or libvirt's XML, written in another form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from xenia.guestfile.convert.written import Written
from xenia.guestfile.convert.xl import to_xl
from xenia.guestfile.convert.xm import to_xm
from xenia.guestfile.keys import KEYS
from xenia.guestfile.libvirt.read import is_domain_xml
from xenia.guestfile.libvirt.write import to_libvirt
from xenia.lib.codec import to_plain
from xenia.manager.check.checker import meaningful
from xenia.manager.definitions import ReadGuestFile
from xenia.model.conversion import Converted, ConvertRequest, Form, SourceForm
from xenia.model.domain import DomainConfig
from xenia.model.reading import Reading

_COMMENT = re.compile(r"^\s*#", re.MULTILINE)


def _to_json(config: DomainConfig) -> Written:
    return Written(json.dumps(to_plain(config), indent=2) + "\n")


_WRITERS: dict[Form, Callable[[DomainConfig], Written]] = {
    Form.XL: to_xl,
    Form.XM: to_xm,
    Form.JSON: _to_json,
    Form.LIBVIRT: to_libvirt,
}


@dataclass(frozen=True, slots=True)
class Converter:
    """`read` and `read_libvirt` evaluate what strangers wrote, in the worker."""

    read: ReadGuestFile
    read_libvirt: ReadGuestFile

    async def convert(self, request: ConvertRequest) -> Converted:
        """Raises GuestFileError where the source has no meaning, invalid for a value that the form cannot hold."""
        xml = is_domain_xml(request.text) if request.source is None else request.source is SourceForm.LIBVIRT
        read = self.read_libvirt if xml else self.read
        reading = await read(request.text, request.file, request.overrides)
        written = _WRITERS[request.to](meaningful(reading))
        lost = (*written.lost, *(() if xml else _lost_of_source(request.text, reading)))
        return Converted(request.to, written.text, lost, reading.complaints)


def _lost_of_source(text: str, reading: Reading) -> list[str]:
    """What a guest file has beside its values."""
    lost = []
    if comments := len(_COMMENT.findall(text)):
        lost.append(f"comments ({comments} line{'s' if comments > 1 else ''})")
    unknown = {complaint.key for complaint in reading.complaints}
    own = [name for name in reading.values if name not in KEYS and name not in unknown]
    if own:
        lost.append(f"names that the file itself uses ({', '.join(own[:10])}): what they computed is written")
    return lost
