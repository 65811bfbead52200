"""Tickets for the WebSockets of a domain."""

from __future__ import annotations

from starlette.responses import Response

from xenia.api.answers import json_response
from xenia.api.bodies import TicketBody
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.domain import DOMAIN_0_UUID
from xenia.model.operations import OPERATIONS, permit, require
from xenia.model.ticket import GivenTicket

router = Routes("console")


@router.post(
    "/domains/{ref}/tickets",
    summary="A ticket that opens the console, the screen or the desktop of a domain once, within 30 seconds",
    responses=answers(GivenTicket, 201),
)
async def give(doors: DoorsOf, caller: CallerOf, ref: Ref, body: TicketBody) -> Response:
    """It is shown as the WebSocket subprotocol `xenia.ticket.TICKET`, beside `binary`, and told this once."""
    operation = OPERATIONS[body.door.value]
    require(caller.role, operation)
    domain = await doors.manager.inventory.look_up(ref)
    permit(
        operation,
        name=domain.name,
        state=domain.state,
        file=domain.file,
        domain_0=domain.uuid == DOMAIN_0_UUID,
    )
    return json_response(to_plain(doors.tickets.give(caller, body.door, domain.uuid)), 201)
