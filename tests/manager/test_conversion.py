"""A text in, another form out."""

from __future__ import annotations

import json

import pytest

from xenia.guestfile.libvirt.read import read_libvirt
from xenia.guestfile.read import read
from xenia.manager.conversion import Converter
from xenia.model.conversion import ConvertRequest, Form, SourceForm
from xenia.model.errors import GuestFileError
from xenia.model.reading import Reading

TEXT = """\
# the web server
folder = '/var/lib/xen/'
name = 'web'
kernel = '/boot/vmlinuz'
disk = [folder + 'web.img,xvda,w']   # its only disk
    # and no more
memroy = 3
"""
XML = "<domain><name>web</name><os><type>hvm</type></os></domain>"


async def reads(text: str, file: str, overrides: tuple[str, ...]) -> Reading:
    return read(text, file=file, overrides=overrides)


async def reads_xml(text: str, file: str, overrides: tuple[str, ...]) -> Reading:
    return read_libvirt(text, file=file, overrides=overrides)


CONVERTER = Converter(reads, reads_xml)


@pytest.mark.parametrize("form", Form)
async def test_every_form_can_be_had_from_both_sources(form: Form) -> None:
    for text in (TEXT, XML):
        converted = await CONVERTER.convert(ConvertRequest(text, form))
        assert converted.form is form
        assert "web" in converted.text


async def test_what_a_guest_file_has_beside_its_values_is_lost_and_told() -> None:
    converted = await CONVERTER.convert(ConvertRequest(TEXT, Form.XL))
    assert converted.lost == (
        "comments (2 lines)",
        "names that the file itself uses (folder): what they computed is written",
    )
    assert "target=/var/lib/xen/web.img" in converted.text
    assert [complaint.key for complaint in converted.complaints if complaint.severity == "warning"] == ["memroy"]


async def test_json_is_the_configuration() -> None:
    converted = await CONVERTER.convert(ConvertRequest(TEXT, Form.JSON, overrides=("memory=99",)))
    assert json.loads(converted.text)["memory"] == 99


async def test_the_text_tells_what_it_is_unless_it_is_said() -> None:
    converted = await CONVERTER.convert(ConvertRequest("\n  " + XML, Form.XL))
    assert 'type     = "hvm"' in converted.text
    with pytest.raises(GuestFileError):
        await CONVERTER.convert(ConvertRequest(XML, Form.XL, source=SourceForm.GUEST_FILE))
    with pytest.raises(GuestFileError, match="no XML"):
        await CONVERTER.convert(ConvertRequest(TEXT, Form.XL, source=SourceForm.LIBVIRT))


async def test_a_source_without_meaning_is_refused_with_its_complaints() -> None:
    with pytest.raises(GuestFileError) as raised:
        await CONVERTER.convert(ConvertRequest("memory = 'lots'", Form.XL))
    assert {complaint.key for complaint in raised.value.complaints} >= {"memory"}
