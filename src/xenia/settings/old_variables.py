"""Variables of the registry that xend of old and those around it read, and that are no settings here."""

from __future__ import annotations

import difflib

from xenia.model.setting import OldVariable
from xenia.settings.settings import SETTINGS
from xenia.ucr.registry import Registry

_PREFIX = "xen/"
_NEVER = "never opened, whatever it says"
_SOCKET = "xm and programs use the unix socket run/xenia/xend.sock"

FATES = {
    "xen/server/api": f"the Xen-API of xend is not offered; {_SOCKET}",
    "xen/server/http_server": f"{_NEVER}: HTTP on port 8000, in plain text and without a password; {_SOCKET}",
    "xen/server/unix_server": f"no effect: {_SOCKET}, which is always there",
    "xen/server/xmlrpc_unix": f"the XML-RPC of xend is not offered; {_SOCKET}",
    "xen/server/xmlrpc_tcp": f"{_NEVER}: XML-RPC on port 8006, in plain text and without a password; {_SOCKET}",
    "xen/server/relocation": f"{_NEVER}: port 8002 took any guest from whoever reached it, in plain text; "
    "relocation.server (xen/server/relocation_ssl) is for migration that is encrypted",
    "xen/relocation/port": f"{_NEVER}: the port of xen/server/relocation; relocation.port (xen/relocation/port_ssl) is "
    "for migration that is encrypted",
    "xen/repository": "not xend's: xen-tools reads it, for the images that it makes",
    "xen/repository/aptsource": "not xend's: xen-tools reads it, for the images that it makes",
    "xen/xencommons/autostart": "not xend's: xenstored and its like are started by Debian's package xen-utils",
    "uvmm/xen/bridge/autostart": "no effect: the bridge is xend's (bridge.interface)",
    "uvmm/libvirt/action/boot": "no effect: libvirt does not run these guests; xm autostart says what starts with the "
    "host",
    "uvmm/libvirt/action/shutdown": "no effect: libvirt does not run these guests; host_stop says how they end",
    "uvmm/libvirt/action/shutdown_timeout": "no effect: libvirt does not run these guests; see stop_timeout",
    "uvmm/libvirt/action/uris": "no effect: libvirt does not run these guests",
    "uvmm/managers": "no effect: UVMM does not manage this host; socket_group says who may use xend",
    "uvmm/backup/directory": "not xend's: UVMM kept its backups there",
}


def old_variables(registry: Registry) -> tuple[OldVariable, ...]:
    """Those that are set, by name, and what becomes of each; also those below xen/ that nobody knows."""
    settings = {row.variable for row in SETTINGS.values() if row.variable}
    return tuple(
        OldVariable(name, variable.value, variable.place, FATES.get(name) or _unknown(name, settings))
        for name, variable in sorted(registry.variables.items())
        if name not in settings and (name in FATES or name.startswith(_PREFIX))
    )


def _unknown(name: str, settings: set[str]) -> str:
    near = difflib.get_close_matches(name, [*settings, *FATES], n=1, cutoff=0.8)
    return f"not known; perhaps {near[0]} is meant" if near else "not known: neither xend of old nor this one reads it"
