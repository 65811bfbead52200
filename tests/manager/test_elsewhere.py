"""Images that are based on those of a domain: found wherever clones are made, and whatever domains name."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.manager.test_images import make_qcow2
from tests.support.world import inspect_really

from xenia.manager.snapshots.elsewhere import Elsewhere
from xenia.model.snapshot import Overlay, SnapshotTree
from xenia.storage.images.look import Looker


@pytest.mark.parametrize("folder", ["roots/deep", "beside", "named"])
async def test_they_are_found_below_the_roots_beside_the_image_and_where_a_domain_has_one(
    tmp_path: Path, folder: str
) -> None:
    for name in ("roots/deep", "beside", "named", "unknown"):
        (tmp_path / name).mkdir(parents=True)
    base, other = tmp_path / "beside/base.img", tmp_path / "beside/other.img"
    base.write_bytes(bytes(1 << 20))
    other.write_bytes(bytes(1 << 20))
    own, clone = tmp_path / "beside/base.12345678.qcow2", tmp_path / folder / "clone.qcow2"
    make_qcow2(own, str(base))
    tree = SnapshotTree("u", overlays=(Overlay("xvda", str(base), str(own), str(base)),))

    async def named() -> list[str]:
        return [str(tmp_path / "named/clone.qcow2")]

    elsewhere = Elsewhere(
        Looker(inspect_really, (str(tmp_path / "roots"),)), named, lambda path: str(Path(path).parent)
    )
    make_qcow2(tmp_path / "beside/another.qcow2", str(other))
    assert await elsewhere.of(tree) == frozenset()
    make_qcow2(clone, str(base))
    assert await elsewhere.of(tree) == {str(base)}
