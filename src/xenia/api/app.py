"""The API put together."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from xenia.api import (
    agent,
    bridge,
    console,
    debugging,
    deeds,
    disks,
    domains,
    errors,
    events,
    folder,
    guest_files,
    host,
    host_power,
    images,
    jobs,
    log,
    logins,
    metrics,
    networks,
    pci,
    pools,
    saves,
    scheduling,
    schema,
    screens,
    snapshots,
    stats,
    texts,
    usb,
    vcpus,
    vifs,
    why,
)
from xenia.api.audit import Audit
from xenia.api.doors import Doors
from xenia.api.limits import Limits
from xenia.api.peer import identify

_DESCRIPTION = """The API of xend. On this host it is asked over a unix socket, by whose credentials it is known who
asks; over the network, by TLS, at xenia-web, with the secret of a login (`POST /v1/login`) or of a token (`POST
/v1/tokens`) as `Authorization: Bearer SECRET`.

Errors are problem JSON (RFC 9457) with the members `kind`, `hint` and `exit_code`. Memory is in MiB, times are seconds
since the epoch. A text console is the WebSocket `/v1/domains/{ref}/console?kind=auto|pv|serial&replay=BYTES`: binary
frames of console bytes both ways; it ends with code 4000 when the guest is gone, 4001 for a watcher that does not keep
up and 1001 when xend stops.
"""


def make_app(doors: Doors) -> FastAPI:
    """The ASGI app. It is to be served with `peer.PeerProtocol`, without which every request is denied."""
    app = FastAPI(
        title="Xenia",
        version=doors.about.version,
        description=_DESCRIPTION,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.doors = doors
    api = APIRouter(prefix="/v1", dependencies=[Depends(identify)])
    devices = (disks, images, snapshots, vifs, usb, pci)
    cpus = (vcpus, scheduling, pools)
    looking = (host, bridge, host_power, log, deeds, domains, saves, stats, metrics, why, debugging)
    guests = (agent, texts, guest_files, folder, console, screens)
    rooms = (*looking, *devices, *cpus, *guests, networks, jobs, events, logins, schema)
    for part in rooms:
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(logins.front, prefix="/v1")
    app.router.default = errors.unknown_route
    errors.install(app)
    app.add_middleware(Audit, note=doors.audit)
    app.add_middleware(Limits)
    return app
