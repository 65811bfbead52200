"""The VLANs of a card, as xl and vif-openvswitch write them."""

from __future__ import annotations

import pytest

from xenia.model.vlan import Vlans, read_switch, read_vlans


@pytest.mark.parametrize(
    ("text", "vlans"),
    [
        ("10", Vlans(10)),
        ("10p", Vlans(10)),
        ("10p/20", Vlans(10, (20,))),
        ("20/10p/30-32", Vlans(10, (20, 30, 31, 32))),
        ("10p/100+10x4", Vlans(10, (100, 110, 120, 130, 140))),
        ("10p/7u", Vlans(10, (), (7,))),
        ("4094", Vlans(4094)),
        ("10p/7+0x3", Vlans(10, (7,))),
        *(
            (text, None)
            for text in ("", "0", "4095", "10/20", "10-12", "10p/20p", "10p/10", "a", "10p/5-3", "10p/20/20u")
        ),
        *((text, None) for text in ("10p/4000+90x9", "-1", "10 20", "10p//20", "1" * 50)),
    ],
)
def test_vlans_are_read(text: str, vlans: Vlans | None) -> None:
    assert read_vlans(text) == vlans


@pytest.mark.parametrize(
    ("bridge", "meant"),
    [
        ("ovsbr0.10", ("ovsbr0", Vlans(10))),
        ("ovsbr0.10:20:30", ("ovsbr0", Vlans(10, (20, 30)))),
        ("ovsbr0:20", ("ovsbr0", Vlans(0, (20,)))),
        ("ovsbr0.10:1-5", ("ovsbr0", Vlans(10, (1, 2, 3, 4, 5)))),
        *((text, None) for text in ("ovsbr0", "ovsbr0.", "ovsbr0.0", "ovsbr0.4095", "ovsbr0.10:", "ovsbr0:10u")),
        *((text, None) for text in ("ovsbr0.10:10", "ovsbr0:20p", ".10", "ovsbr0:0", "a.b.10")),
    ],
)
def test_a_bridge_of_open_vswitch_has_them_in_its_name(bridge: str, meant: tuple[str, Vlans] | None) -> None:
    assert read_switch(bridge) == meant
