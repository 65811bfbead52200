import os
import stat

import pytest

from xenia.lib.files import DiskFiles


@pytest.mark.parametrize("durable", [False, True])
async def test_a_file_is_replaced_whole_and_can_be_read_listed_and_removed(tmp_path, durable):
    files = DiskFiles(tmp_path)
    assert await files.read("a/b.json") is None
    assert await files.list("a") == []
    for content in (b"one", b"two"):
        await files.write("a/b.json", content, durable=durable)
        assert await files.read("a/b.json") == content
    assert await files.list("a") == ["b.json"]
    assert stat.S_IMODE((tmp_path / "a/b.json").stat().st_mode) == 0o600
    await files.remove("a")
    await files.remove("a")
    assert await files.list("a") == []


async def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(tmp_path, monkeypatch):
    files = DiskFiles(tmp_path)
    await files.write("a/b.json", b"old", durable=True)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space") as raised:
        await files.write("a/b.json", b"new", durable=True)
    assert raised.value.filename == str(tmp_path / "a/b.json")
    assert await files.read("a/b.json") == b"old"
    assert os.listdir(tmp_path / "a") == ["b.json"]


async def test_what_a_killed_process_left_is_removed(tmp_path):
    files = DiskFiles(tmp_path)
    await files.write("a/b/c.json", b"kept", durable=False)
    (tmp_path / "a/b/.c.json.0123abcd").write_bytes(b"half")
    (tmp_path / "a/.hidden").touch()
    files.remove_leftovers("a")
    files.remove_leftovers("nowhere")
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".hidden", "a", "b", "c.json"]
