/** Requests to xenia-web: JSON both ways, the login in a cookie that scripts do not see. A worker makes them, too: nothing
 * here knows of a document. */

import { Problem } from "./problem";
import type { Caller, Door, GivenTicket, Job, JobAnswer } from "./words";

/** The answer to a request below /v1. With an `etag`, what it changes must still be that. Throws Problem; status 0 where
 * nobody has answered. */
export async function ask<Answer>(method: string, path: string, body?: unknown, etag = ""): Promise<Answer> {
  return request<Answer>(method, `/v1${path}`, body, etag ? { "if-match": `"${etag}"` } : {});
}

/** Seconds in which a job that goes on is asked for once more. */
const WAIT = 20;

/** The job that a request begins, when it has ended well. Throws Problem, also for one that has failed. */
export async function carryOut(method: string, path: string, body?: unknown): Promise<Job> {
  let told = await ask<JobAnswer>(method, `${path}?wait=${WAIT}`, body);
  while (told.job.state === "running") told = await ask<JobAnswer>("GET", `/jobs/${told.job.id}?wait=${WAIT}`);
  return told.job;
}

/** Who is logged in; null where nobody is. */
export async function whoAmI(): Promise<Caller | null> {
  try {
    return await ask<Caller>("GET", "/me");
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

/** Opens the console or the screen of a domain once, within half a minute: as subprotocols of a WebSocket. */
export async function ticketFor(uuid: string, door: Door): Promise<string[]> {
  const given = await ask<GivenTicket>("POST", `/domains/${uuid}/tickets`, { for: door });
  return ["binary", `xenia.ticket.${given.ticket}`];
}

/** Where a PNG tells its size (its first chunk, IHDR, comes after 16 bytes). */
const SIZE_AT = 16;

/** How large the screen of a domain is now, in pixels; null where it shows none. */
export async function screenSize(uuid: string): Promise<{ width: number; height: number } | null> {
  const answer = await fetch(`/v1/domains/${uuid}/screenshot`).catch(() => null);
  if (!answer?.ok) return null;
  const picture = new DataView(await answer.arrayBuffer());
  if (picture.byteLength < SIZE_AT + 8) return null;
  return { width: picture.getUint32(SIZE_AT), height: picture.getUint32(SIZE_AT + 4) };
}

/** The address of a WebSocket of this host. */
export function socketAddress(path: string): string {
  return `wss://${location.host}/v1${path}`;
}

/** The answer to a request of this host. Throws Problem, as `ask` does. */
export async function request<Answer>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  const kind = body === undefined ? {} : { "content-type": "application/json" };
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers: { ...kind, ...headers }, ...content });
  } catch {
    throw new Problem("xenia-web does not answer", "domains run on; this page connects again by itself");
  }
  const told: unknown = await answer.json().catch(() => null);
  if (answer.ok) return told as Answer;
  throw Problem.told(told as Record<string, unknown> | null, answer.status, `${answer.status} ${answer.statusText}`);
}
