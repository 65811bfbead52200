"""The role that each route asks for, and where it is asked for. A route that is not named here is for administrators of
the whole host alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from starlette.requests import HTTPConnection

from xenia.model.caller import Caller, Role
from xenia.model.errors import denied


class Reach(Enum):
    """On what somebody needs the role."""

    OWN = "own"
    """On anything: the route tells and does no more than they may, domain by domain."""
    DOMAIN = "domain"
    """On the domain that the route names."""
    HOST = "host"
    """On the whole host. Among these are routes that name a domain, but besides files, devices or networks of the host,
    that take from other domains, or that tell of them.
    """


_ROUTES: dict[Reach, dict[Role, tuple[str, ...]]] = {
    Reach.OWN: {
        Role.VIEWER: (
            *("GET /domains", "GET /stats", "GET /metrics", "GET /events", "GET /vcpus", "GET /shares"),
            *("GET /jobs", "GET /jobs/{number}", "GET /jobs/{number}/log", "POST /logout", "GET /me"),
            *("GET /tokens", "POST /tokens", "DELETE /tokens/{token}", "GET /openapi.json", "GET /operations"),
            "WEBSOCKET /stream",
            *("GET /security-keys", "POST /security-keys", "POST /security-keys/begin"),
            *("DELETE /security-keys/{key}", "POST /login-links", "POST /login-handovers"),
        ),
        Role.OPERATOR: ("POST /jobs/{number}/cancel",),
    },
    Reach.DOMAIN: {
        Role.VIEWER: (
            *("GET /domains/{ref}", "GET /domains/{ref}/pci", "GET /domains/{ref}/stats"),
            "GET /domains/{ref}/history",
            *("GET /domains/{ref}/vcpus", "GET /domains/{ref}/share", "GET /domains/{ref}/block-bitmaps"),
            *("GET /domains/{ref}/snapshots", "GET /domains/{ref}/snapshots/{name}"),
        ),
        Role.OPERATOR: (
            *("GET /domains/{ref}/start-file", "POST /domains/{ref}/start", "POST /domains/{ref}/shutdown"),
            *("POST /domains/{ref}/reboot", "POST /domains/{ref}/destroy", "POST /domains/{ref}/pause"),
            *("POST /domains/{ref}/unpause", "POST /domains/{ref}/reset", "POST /domains/{ref}/mem-set"),
            *("POST /domains/{ref}/vcpu-set", "POST /domains/{ref}/sysrq", "POST /domains/{ref}/trigger"),
            *("POST /domains/{ref}/block-detach", "POST /domains/{ref}/block-flatten"),
            *("POST /domains/{ref}/block-bitmap-create", "POST /domains/{ref}/block-bitmap-delete"),
            *("POST /domains/{ref}/cd-eject", "POST /domains/{ref}/network-detach"),
            *("POST /domains/{ref}/usb-detach", "GET /domains/{ref}/agent", "GET /domains/{ref}/agent/interfaces"),
            *("POST /domains/{ref}/agent-ping", "POST /domains/{ref}/agent-time"),
            *("POST /domains/{ref}/agent-freeze", "POST /domains/{ref}/agent-thaw"),
            *("WEBSOCKET /domains/{ref}/console", "WEBSOCKET /domains/{ref}/vncviewer"),
            "WEBSOCKET /domains/{ref}/rdp",
            *("GET /domains/{ref}/console/log", "POST /domains/{ref}/keys", "POST /domains/{ref}/tickets"),
            *("GET /domains/{ref}/screenshot", "GET /domains/{ref}/snapshots/{name}/picture"),
        ),
        Role.ADMINISTRATOR: (
            *("POST /domains/{ref}/suspend", "POST /domains/{ref}/resume", "POST /domains/{ref}/snapshots"),
            *("DELETE /domains/{ref}/snapshots", "DELETE /domains/{ref}/snapshots/{name}"),
            *("POST /domains/{ref}/snapshots/{name}/revert", "POST /domains/{ref}/agent-exec"),
            "GET /domains/{ref}/agent-exec/{pid}",
        ),
    },
    Reach.HOST: {
        Role.VIEWER: (
            *("GET /host", "GET /host/topology", "GET /host/settings", "GET /host/bridge", "GET /host/history"),
            *("GET /domains/{ref}/why", "GET /cpupools", "GET /networks", "GET /networks/{name}"),
        ),
        Role.OPERATOR: (
            *("POST /domains", "POST /plan", "POST /check", "POST /explain", "POST /convert"),
            *("POST /domains/{ref}/mem-max", "POST /domains/{ref}/vcpu-pin", "POST /domains/{ref}/sched-credit"),
            *("POST /domains/{ref}/sched-credit2", "POST /domains/{ref}/block-attach"),
            *("POST /domains/{ref}/block-configure", "POST /domains/{ref}/block-export"),
            *("POST /domains/{ref}/cd-insert", "POST /domains/{ref}/network-attach"),
            *("POST /domains/{ref}/network-configure", "POST /domains/{ref}/usb-attach", "GET /images"),
            *("GET /images/info", "POST /images", "POST /images/check", "POST /images/clone"),
            *("POST /images/convert", "POST /images/export", "POST /images/partition", "POST /images/resize"),
            *("POST /images/delete", "WEBSOCKET /images/upload"),
        ),
        Role.ADMINISTRATOR: (
            *("PATCH /host/settings", "POST /host/settings/import", "GET /log", "GET /audit"),
            *("POST /host/bridge/apply", "POST /host/bridge/confirm", "GET /autostart", "PUT /autostart/{ref}"),
            *("DELETE /autostart/{ref}", "POST /host/start", "POST /host/stop", "POST /host/debug-keys"),
            *("POST /host/dmesg", "GET /host/pci", "POST /host/pci-assignable-add"),
            *("POST /host/pci-assignable-remove", "GET /domains/{ref}/guest-file"),
            *("GET /domains/{ref}/differences", "POST /domains/{ref}/rename", "POST /domains/{ref}/clone"),
            *("POST /domains/{ref}/adopt", "POST /domains/{ref}/save", "POST /restore", "GET /save"),
            *("POST /domains/{ref}/dump-core", "POST /domains/{ref}/qemu-monitor-command"),
            *("POST /domains/{ref}/block-move", "POST /domains/{ref}/pci-attach", "POST /domains/{ref}/pci-detach"),
            *("GET /domains/{ref}/snapshots/{name}/diff", "POST /domains/{ref}/snapshots/{name}/warm"),
            *("POST /domains/{ref}/cpupool-migrate", "POST /cpupools", "POST /cpupools/numa-split"),
            *("DELETE /cpupools/{name}", "POST /cpupools/{name}/cpu-add", "POST /cpupools/{name}/cpu-remove"),
            *("POST /cpupools/{name}/rename", "GET /guest-files", "POST /guest-files", "GET /guest-files/{ref}"),
            *("PATCH /guest-files/{ref}", "PUT /guest-files/{ref}", "DELETE /guest-files/{ref}"),
            *("POST /guest-files/{ref}/revert", "GET /guest-files/{ref}/versions"),
            *("GET /guest-files/{ref}/versions/{number}", "POST /folder/plan", "POST /folder/apply"),
            *("POST /folder/undo", "POST /networks/plan", "POST /networks/apply", "PUT /networks/{name}"),
            *("DELETE /networks/{name}", "POST /security-keys/codes"),
        ),
    },
}


@dataclass(frozen=True, slots=True)
class Needed:
    role: Role
    reach: Reach


ROUTES = {
    route: Needed(role, reach)
    for reach, by_role in _ROUTES.items()
    for role, routes in by_role.items()
    for route in routes
}
"""By method and path below /v1; WEBSOCKET for those."""

_NEEDED = Needed(Role.ADMINISTRATOR, Reach.HOST)


def needed_for(connection: HTTPConnection) -> Needed:
    """What the route that answers `connection` asks for."""
    return ROUTES.get(_route_of(connection), _NEEDED)


def refusal(connection: HTTPConnection, caller: Caller) -> Exception:
    """The denied error for one who has not what the route asks for. What is asked for may need more, which is looked at
    where it is done.
    """
    route, needed = _route_of(connection), needed_for(connection)
    what = route.rpartition("/")[2] if "/domains/{ref}/" in route and not route.endswith("}") else "it"
    where = " on the whole host" if needed.reach is Reach.HOST and caller.grants else ""
    return denied(f"{caller.name} may not do this: {what} needs the role {needed.role.name.lower()}{where}")


def _route_of(connection: HTTPConnection) -> str:
    method = "WEBSOCKET" if connection.scope["type"] == "websocket" else connection.scope["method"]
    return f"{method} {connection.scope['route'].path.removeprefix('/v1')}"
