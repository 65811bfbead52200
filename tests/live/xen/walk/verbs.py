"""All the verbs."""

from __future__ import annotations

from tests.live.xen.walk.devices import (
    has_usb,
    it_has_a_lease,
    its_cards_come_and_go,
    its_disks_come_and_go,
    its_medium_is_changed,
)
from tests.live.xen.walk.life import is_ended, is_paused, is_rebooted, is_renamed, is_reset, is_shown, is_started
from tests.live.xen.walk.reference import TABLE
from tests.live.xen.walk.saves import is_put_away, is_saved
from tests.live.xen.walk.shares import gets_cpus, is_bound_and_weighed, is_resized, is_watched
from tests.live.xen.walk.walk import Walk
from tests.live.xen.walk.words import is_poked, is_spoken_to, tells_of_itself
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import by_xm, nothing_left


def through_all_verbs(host: XenHost, kind: str) -> None:
    walk = Walk(host, kind)
    is_started(walk)
    is_shown(walk)
    is_paused(walk)
    walk.is_up()
    tells_of_itself(walk)
    is_spoken_to(walk)
    its_disks_come_and_go(walk)
    its_cards_come_and_go(walk)
    it_has_a_lease(walk)
    its_medium_is_changed(walk)
    has_usb(walk)
    is_watched(walk)
    is_poked(walk)
    is_resized(walk)
    gets_cpus(walk)
    is_bound_and_weighed(walk)
    is_saved(walk)
    is_put_away(walk)
    is_renamed(walk)
    is_rebooted(walk)
    is_ended(walk)
    is_reset(walk)
    walk.xm("destroy", kind)
    assert by_xm(host) == {}
    walk.found("destroy")
    nothing_left(host)
    TABLE.check(kind, walk.table)
