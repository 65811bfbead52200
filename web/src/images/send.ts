/** A file sent to the host as an image, over a WebSocket. */

import type { Job } from "../api/words";

/** Bytes: xend takes no larger frames. */
const FRAME = 64 * 1024;
const READ_AT_ONCE = 4 * FRAME;
/** Seconds of what goes through, that may be on the way: more would keep the answers to pings waiting. */
const AHEAD = 2;
const LEAST_AHEAD = 512 * 1024;
const MOST_AHEAD = 8 * 1024 * 1024;

/** How many bytes may be on the way, when so many have come there in so many seconds. */
export function ahead(received: number, seconds: number): number {
  return Math.min(Math.max((received / Math.max(seconds, 0.001)) * AHEAD, LEAST_AHEAD), MOST_AHEAD);
}

/** What is read of a file: `slice` as a Blob has it. */
export interface Source {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** As much of a WebSocket as is used here. */
export interface Way {
  addEventListener(name: "message", heard: (message: { data: unknown }) => void): void;
  addEventListener(name: "close", heard: () => void): void;
  send(data: ArrayBuffer): void;
  close(): void;
}

/** Why `source` was not read to its end. */
export class Unreadable extends Error {}

/** Sends all of `source`; the job as xend last told it, null where it told of none: the host was not reached. What has come
 * there is told (`tell`), not how much was sent. Throws Unreadable. */
export async function send(way: Way, source: Source, tell: (received: number, job: Job | null) => void): Promise<Job | null> {
  let job: Job | null = null;
  let received = 0;
  let over = false;
  let wake: () => void = () => undefined;
  const something = (): Promise<void> => new Promise((resolve) => (wake = resolve));

  way.addEventListener("close", () => {
    over = true;
    wake();
  });
  way.addEventListener("message", ({ data }) => {
    const told = JSON.parse(String(data)) as { job?: Job; received?: number };
    job = told.job ?? job;
    received = told.received ?? received;
    tell(received, job);
    wake();
  });

  while (!job && !over) await something();
  const begun = performance.now();
  let sent = 0;
  while (!over && sent < source.size) {
    if (sent - received >= ahead(received, (performance.now() - begun) / 1000)) {
      await something();
      continue;
    }
    let content: ArrayBuffer;
    try {
      content = await source.slice(sent, Math.min(sent + READ_AT_ONCE, source.size)).arrayBuffer();
    } catch (error) {
      way.close();
      throw new Unreadable(String(error));
    }
    for (let at = 0; at < content.byteLength && !isOver(); at += FRAME) way.send(content.slice(at, at + FRAME));
    sent += content.byteLength;
  }
  if (!over) way.send(new ArrayBuffer(0));
  while (!isOver()) await something();
  return job;

  /** For the compiler, which does not see that it changes meanwhile. */
  function isOver(): boolean {
    return over;
  }
}
