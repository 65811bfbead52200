import { expect, test, vi } from "vitest";

import type { Job } from "../src/api/words";
import { ahead, send, type Source, Unreadable, type Way } from "../src/images/send";
import { job } from "./words";

const KIB = 1024;
const MIB = 1024 * KIB;
const RUNNING = job(7, { operation: "disk upload" });

test.each([
  [0, 0, 512 * KIB],
  [100 * KIB, 10, 512 * KIB],
  [10 * MIB, 10, 2 * MIB],
  [1024 * MIB, 10, 8 * MIB],
])("of %d bytes in %d s, %d may be on the way", (received, seconds, most) => {
  expect(ahead(received, seconds)).toBe(most);
});

/** A host that takes what it is sent when it is told to. */
class Host implements Way {
  readonly got: Uint8Array[] = [];
  closed = false;
  #heard: Record<string, ((event: never) => void)[]> = { message: [], close: [] };

  addEventListener(name: "message" | "close", heard: (event: never) => void): void {
    this.#heard[name]?.push(heard);
  }

  send(data: ArrayBuffer): void {
    this.got.push(new Uint8Array(data));
  }

  close(): void {
    this.closed = true;
    this.end();
  }

  tell(told: object): void {
    for (const each of this.#heard["message"] ?? []) each({ data: JSON.stringify(told) } as never);
  }

  end(): void {
    for (const each of this.#heard["close"] ?? []) each(undefined as never);
  }

  get bytes(): number {
    return this.got.reduce((sum, each) => sum + each.length, 0);
  }
}

function source(size: number): Source {
  return new Blob([new Uint8Array(size).map((_, index) => index % 251)]);
}

/** Until so much was sent. */
async function sent(host: Host, bytes: number): Promise<void> {
  await vi.waitFor(() => expect(host.bytes).toBe(bytes), 60_000);
}

test("nothing is sent before the host has begun, and no more than it has said to have taken", async () => {
  const host = new Host();
  const told: number[] = [];
  const ended = send(host, source(3 * MIB), (received) => told.push(received));
  expect(host.bytes).toBe(0);
  host.tell({ job: RUNNING });
  await sent(host, 512 * KIB);
  for (let received = 256 * KIB; received <= 3 * MIB; received += 256 * KIB) {
    host.tell({ received });
  }
  await sent(host, 3 * MIB);
  await vi.waitFor(() => expect(host.got.at(-1)?.length).toBe(0), 60_000);
  expect(Math.max(...host.got.map((each) => each.length))).toBe(64 * KIB);
  expect([host.got[1]?.[0], host.got[1]?.[1]]).toEqual([(64 * KIB) % 251, (64 * KIB + 1) % 251]);
  const done: Job = { ...RUNNING, state: "done" };
  host.tell({ job: done });
  host.end();
  expect(await ended).toEqual(done);
  expect(told.at(-1)).toBe(3 * MIB);
});

test("a host that refuses it in its midst is sent no more", async () => {
  const host = new Host();
  const ended = send(host, source(3 * MIB), () => undefined);
  host.tell({ job: RUNNING });
  await sent(host, 512 * KIB);
  const failed: Job = { ...RUNNING, state: "failed", error: { detail: "no space" } };
  host.tell({ job: failed });
  host.end();
  expect(await ended).toEqual(failed);
  expect(host.bytes).toBe(512 * KIB);
});

test("a host that is not reached has told of no job", async () => {
  const host = new Host();
  const ended = send(host, source(10), () => undefined);
  host.end();
  expect(await ended).toBeNull();
});

test("a file that cannot be read any more ends it", async () => {
  const host = new Host();
  const gone: Source = { size: 10, slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) };
  const ended = send(host, gone, () => undefined);
  host.tell({ job: RUNNING });
  await expect(ended).rejects.toBeInstanceOf(Unreadable);
  expect(host.closed).toBe(true);
});
