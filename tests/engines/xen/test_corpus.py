"""Guest files of others become an xl.cfg that xl reads, without exception."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines.xen.xl import as_xl_reads, parsed
from tests.guestfile.corpus import CORPUS, needs_corpus, text_of
from tests.support.libxlutil import LIBRARY

from xenia.engines.xen.explain import explain
from xenia.engines.xen.facts import XenFacts
from xenia.guestfile.read import read
from xenia.model.display import VncRules

GROUPS = ("derived", "libvirt/xl", "libvirt/xm", "real", "real-gen", "univention", "xen-examples")
FILES = [path for group in GROUPS for path in sorted((CORPUS / group).glob("*")) if path.suffix != ".xml"]

REFUSED = ("xmexample.nbd@", "python-for-and-def.cfg")
"""Those that name network disks, and one whose kernel's command line has a line end in it."""


@needs_corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_guest_file_of_others_becomes_one_that_xl_reads(path: Path) -> None:
    config = read(text_of(path), file=path.name).config
    if config is None:
        pytest.skip("this file cannot be used at all")
    meaning = explain(config, XenFacts(version="4.17.5"), VncRules())
    if path.name.startswith(REFUSED):
        assert meaning.rendered == ""
        return
    settings = parsed(meaning.rendered)
    assert settings["name"] == config.name
    assert settings["type"] == config.kind.value
    if LIBRARY is not None:
        assert LIBRARY.read(meaning.rendered, list(settings)) == as_xl_reads(settings)
        assert all(LIBRARY.disk(item)["vdev"] for item in settings.get("disk", []))
