"""What is said of a card that the host routes to (script=vif-route), and of words that only such a card has."""

from __future__ import annotations

from ipaddress import ip_address

from xenia.guestfile.given import Given
from xenia.model.vif import Vif, Way


def complain_of_route(given: Given, key: str, vif: Vif) -> None:
    if vif.way is not Way.ROUTE:
        for word, value in (("gateway", vif.gateway), ("gatewaydev", vif.gatewaydev)):
            if value and f"netdev={value}" not in (vif.script or ""):
                given.note(key, f"{word}={value} has no effect: only a card with script=vif-route has one")
        return
    if not vif.ip:
        message = f"script={vif.script}: the host routes to the addresses of the card, and it names none"
        given.error(key, message, "as in ip=192.0.2.7, several with blanks between")
    if vif.network:
        message = f"a card is on a network ({vif.network}) or routed (script={vif.script}), not both"
        given.error(key, message, "leave one of them out")
    if vif.vlan:
        given.error(key, f"vlan={vif.vlan}: a card that is routed is no port of a bridge", "leave vlan out")
    _gateway(given, key, vif)


def _gateway(given: Given, key: str, vif: Vif) -> None:
    versions = set()
    for word in (vif.gateway or "").split():
        try:
            address = ip_address(word)
        except ValueError:
            given.error(key, f"gateway={word} is no address", "as in gateway=192.0.2.1, or gateway=192.0.2.1 fe80::1")
            continue
        if address.version in versions:
            given.error(key, f"gateway={vif.gateway} has two of IPv{address.version}", "name one of each")
        if word in (each.split("/")[0] for each in vif.ip):
            given.error(key, f"gateway={word} is the guest's own address (ip=)", "it is the one that the host has")
        versions.add(address.version)
