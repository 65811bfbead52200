import pytest

from xenia.images.modules import MissingModuleError, load_order


def test_what_a_module_depends_on_comes_before_it(tmp_path, module_tree):
    tree = module_tree(
        tmp_path,
        {"virtio_net": "net_failover,virtio", "net_failover": "failover", "failover": "", "virtio": "", "other": ""},
    )
    assert list(load_order(tree, ["virtio_net"])) == ["failover", "net_failover", "virtio", "virtio_net"]


def test_a_compressed_module_comes_out_plain(tmp_path, module_tree):
    order = load_order(module_tree(tmp_path, {"one": "", "two": ""}), ["one", "two"])
    assert all(content.startswith(b"\x7fELF") for content in order.values())


def test_dash_and_underscore_are_the_same(tmp_path, module_tree):
    tree = module_tree(tmp_path, {"xen-blkfront": "", "uses": "xen_blkfront"})
    assert list(load_order(tree, ["uses", "xen-blkfront"])) == ["xen_blkfront", "uses"]


def test_what_is_built_in_is_left_out(tmp_path, module_tree):
    tree = module_tree(tmp_path, {"uses": "ext4"}, built_in=["ext4", "virtio-blk"])
    assert list(load_order(tree, ["uses", "virtio_blk"])) == ["uses"]


def test_a_module_that_is_nowhere_is_named(tmp_path, module_tree):
    tree = module_tree(tmp_path, {"uses": "absent"})
    with pytest.raises(MissingModuleError, match="no module absent"):
        load_order(tree, ["uses"])
