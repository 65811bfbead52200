"""The API put together."""

from __future__ import annotations

import time
from typing import Any

from fastapi import Depends, FastAPI

from xenia.api import (
    agent,
    bridge,
    console,
    debugging,
    deeds,
    desktops,
    disks,
    domains,
    errors,
    events,
    folder,
    guest_files,
    history,
    host,
    host_power,
    image_upload,
    images,
    jobs,
    log,
    logins,
    metrics,
    networks,
    operations,
    pci,
    pools,
    saves,
    scheduling,
    schema,
    screens,
    security_keys,
    snapshots,
    stats,
    stream,
    texts,
    tickets,
    usb,
    vcpus,
    vifs,
    why,
)
from xenia.api.audit import Audit
from xenia.api.doors import Doors
from xenia.api.limits import Limits
from xenia.api.live import Live
from xenia.api.peer import identify
from xenia.api.stats_feed import StatsFeed

_DESCRIPTION = """The API of xend. On this host it is asked over a unix socket, by whose credentials it is known who
asks; over the network, by TLS, at xenia-web, with the secret of a login (`POST /v1/login`) or of a token (`POST
/v1/tokens`) as `Authorization: Bearer SECRET`.

Errors are problem JSON (RFC 9457) with the members `kind`, `hint` and `exit_code`. Memory is in MiB, times are seconds
since the epoch. A text console is the WebSocket `/v1/domains/{ref}/console?kind=auto|pv|serial&replay=BYTES`: binary
frames of console bytes both ways, with `&view=true` only from the guest; it ends with code 4000 when the guest is gone,
4001 for a watcher that does not keep up and 1001 when xend stops. The screen is the WebSocket
`/v1/domains/{ref}/vncviewer`, of RFB (RFC 6143). The desktop that a guest serves over RDP is the WebSocket
`/v1/domains/{ref}/rdp`, of RDCleanPath as IronRDP speaks it; with `?of=screen` it is the screen of a guest with
`rdp = 1` instead, as the host shows it, with any user and password. Where the server is xend knows, so a `destination`
has no meaning, and who may see it is settled before the first byte, so a `proxy_auth` has none; errors are PDUs with an
HTTP status, and then code 4002 with the reason. All choose the subprotocol `binary` where it is offered. A browser,
which can send no header with a WebSocket, offers a ticket (`POST /v1/domains/{ref}/tickets`) beside it, as
`xenia.ticket.TICKET`; without one, as IronRDP opens its WebSocket by itself, the cookie of the login counts.

An image is sent to the host over the WebSocket `/v1/images/upload?path=PATH&size=BYTES`: binary frames of at most 64
KiB with its bytes, and an empty one at their end. The answers are text frames of JSON: first and last `job`, the job
"disk upload" as `GET /v1/jobs/{number}` tells it, and meanwhile `received`, how many bytes have come. It ends with code
4000 when the image is there, 4002 when it was refused, 4003 when the job was cancelled, and 1001 when xend stops. Who
sends nothing for 60 seconds is refused.

The live state is the WebSocket `/v1/stream?run=RUN&after=SEQUENCE&stats=SECONDS&login=TOKEN`: text frames of JSON, each
with a `type`.

- `state` comes first: `run`, which names this life of xend, `sequence`, `host` (as `GET /v1/host`), `domains` (as
  `GET /v1/domains?all=true`), `jobs` (as `GET /v1/jobs`), and `events`, the last hundred, the oldest first.
- `event` is an event, with the members of Event; `sequence` counts up by one.
- `domain` is a domain that is not as it was told: `name`, and its `row`, null where it is gone. A domain that has
  another name is told as gone and as new.
- `job` is a job that is not as it was told.
- `stats` comes every so many seconds (2 or more) where it is asked for: as `GET /v1/stats`.
- `resync`: something was missed, be it that this listener was too slow; a new `state` follows.
- `resumed` comes instead of a state where `run` and `after`, the last `sequence` that was heard, say from where to go
  on, and all since is still known: the last 2,000 frames, or 4 MiB. Rows and jobs may be told again.

With `login`, the `token` that `GET /v1/me` tells, it is opened for that login alone (409 for any other): a page asks
so, whose cookie may be somebody else's by now.

Who may look at some domains alone is told of those: `host` is null, the sequence of events has gaps, and they never
resume. A domain that they may look at no more is told as gone.

The `sequence` of a domain or job is that of the last event before it. What is sent to a stream is not read. It ends
with code 1012 when xend stops and 1013 when the engine does not answer; who takes nothing for 30 seconds is cut off.

Each WebSocket ends with code 1008 within half a minute when the login or token that it was opened with is over, or
worth another role.
"""


def make_app(doors: Doors) -> FastAPI:
    """The ASGI app. It is to be served with `peer.PeerProtocol`, without which every request is denied."""
    app = _routed(doors.about.version)
    app.state.doors = doors
    app.state.live = Live(doors)
    app.state.stats_feed = StatsFeed(doors, time.monotonic)
    errors.install(app)
    app.add_middleware(Audit, note=doors.audit)
    app.add_middleware(Limits)
    return app


def document(version: str) -> dict[str, Any]:
    """What is told at /v1/openapi.json, without a xend."""
    return schema.describe(_routed(version))


def _routed(version: str) -> FastAPI:
    app = FastAPI(
        title="Xenia",
        version=version,
        description=_DESCRIPTION,
        openapi_url=None,
        redirect_slashes=False,
    )
    devices = (disks, images, image_upload, snapshots, vifs, usb, pci)
    cpus = (vcpus, scheduling, pools)
    looking = (host, history, operations, bridge, host_power, log, deeds, saves, metrics, why, debugging)
    guests = (agent, texts, guest_files, folder, console, screens, desktops, tickets)
    asked_most = (domains, stats, jobs, events, stream)  # found first: routes are tried one after the other
    for part in (*asked_most, *looking, *devices, *cpus, *guests, networks, logins, security_keys, schema):
        part.router.put_into(app.router, "/v1", [Depends(identify)])
    logins.front.put_into(app.router, "/v1")
    app.router.default = errors.unknown_route
    return app
