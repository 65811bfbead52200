/** The WebSocket of a console or screen, opened with a ticket that is good for it alone. */

import { socketAddress, ticketFor } from "../api/client";
import type { Door } from "../api/words";

/** The code with which it is closed when the guest is gone. */
export const GONE = 4000;

/** Throws Problem where no ticket is given. */
export async function openSocket(uuid: string, door: Door, query = ""): Promise<WebSocket> {
  const protocols = await ticketFor(uuid, door);
  const socket = new WebSocket(socketAddress(`/domains/${uuid}/${door}${query}`), protocols);
  socket.binaryType = "arraybuffer";
  return socket;
}
