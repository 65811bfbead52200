import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Frame } from "../src/api/words";
import { Hub, MOST_WAITING, type Seat, type ToTab } from "../src/live/hub";
import { caller, domain } from "./words";

class Socket {
  static all: Socket[] = [];
  closed = false;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor(readonly url: string) {
    Socket.all.push(this);
  }
  close(): void {
    this.closed = true;
  }
  says(...frames: Frame[]): void {
    for (const each of frames) this.onmessage?.({ data: JSON.stringify(each) });
  }
}

/** A tab, and what it was told. It takes in what it is told when it is asked to. */
class Tab {
  readonly told: ToTab[] = [];
  readonly seat: Seat;
  constructor(hub: Hub) {
    this.seat = hub.join((told) => void this.told.push(structuredClone(told)));
  }
  get links(): string[] {
    return this.told.flatMap((each) => (each.type === "link" ? [each.link] : []));
  }
  get last(): ToTab | undefined {
    return this.told.at(-1);
  }
}

let me: object | null;

beforeEach(() => {
  vi.useFakeTimers();
  Socket.all = [];
  me = { ...caller("viewer"), token: "t1" };
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("location", { host: "alpha:8006" });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
  vi.stubGlobal("fetch", async () => {
    await Promise.resolve();
    if (me === null) return new Response("{}", { status: 401 });
    return Response.json(me);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const state = (...names: string[]): Frame => ({
  type: "state",
  run: "a",
  sequence: 5,
  host: null,
  domains: names.map((each) => domain(each)),
  jobs: [],
  events: [],
});
const row = (name: string, sequence: number): Frame => ({ type: "domain", name, row: domain(name), sequence });
const names = (told: ToTab | undefined): string[] => (told?.type === "all" ? [...told.known.domains.keys()] : []);

function socket(): Socket {
  const last = Socket.all.at(-1);
  if (!last) throw new Error("no stream was opened");
  return last;
}

test("several tabs have one stream, of their login; one that comes later is told all at once", () => {
  const hub = new Hub("t1");
  const first = new Tab(hub);
  expect(socket().url).toBe("wss://alpha:8006/v1/stream?stats=5&login=t1");
  socket().says(state("one"), row("two", 6));
  const second = new Tab(hub);
  expect(Socket.all).toHaveLength(1);
  expect(first.links).toEqual(["connecting", "live"]);
  expect(second.links).toEqual(["live"]);
  expect(names(second.last)).toEqual(["one", "two"]);
  socket().says(row("three", 7));
  expect(second.told).toHaveLength(2); // it has not yet taken in what it was told
  second.seat.say("learned");
  expect(second.last).toEqual({ type: "frames", frames: [row("three", 7)] });
  first.seat.say("learned");
  expect(first.last).toEqual({ type: "frames", frames: [row("two", 6), row("three", 7)] });
});

test("a tab that takes nothing in keeps no more than so many frames, and is told all when it comes back", () => {
  const hub = new Hub("t1");
  const frozen = new Tab(hub);
  const other = new Tab(hub);
  socket().says(state("one"));
  const before = frozen.told.length;
  for (let each = 0; each <= MOST_WAITING; each++) {
    socket().says(row(`d${each}`, 6 + each));
    other.seat.say("learned");
  }
  expect(frozen.told).toHaveLength(before);
  frozen.seat.say("learned");
  expect(names(frozen.last)).toHaveLength(MOST_WAITING + 2);
  frozen.seat.say("learned");
  expect(frozen.told).toHaveLength(before + 1);
  expect(other.told.every((each) => each.type !== "all")).toBe(true);
});

test("a stream that is lost goes on where it was, and all are told of it", async () => {
  const hub = new Hub("t1");
  const [one, two] = [new Tab(hub), new Tab(hub)];
  socket().says(state("one"), row("two", 6));
  socket().onclose?.();
  expect(one.links.at(-1)).toBe("lost");
  await vi.advanceTimersByTimeAsync(500);
  expect(socket().url).toContain("&run=a&after=6");
  socket().says({ type: "resync" }, state("other"));
  expect(Socket.all).toHaveLength(2);
  for (const each of [one, two]) {
    expect(each.links.at(-1)).toBe("live");
    each.seat.say("learned");
    expect(each.last).toEqual({
      type: "frames",
      frames: [row("two", 6), { type: "resync" }, state("other")],
    });
  }
});

test("the pause grows; who looks at a tab makes it short", async () => {
  const hub = new Hub("t1");
  const tab = new Tab(hub);
  for (const pause of [500, 1000, 2000, 4000, 8000, 10000, 10000]) {
    const before = Socket.all.length;
    socket().onclose?.();
    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(Socket.all).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(Socket.all).toHaveLength(before + 1);
  }
  socket().onclose?.();
  const before = Socket.all.length;
  tab.seat.say("looking");
  tab.seat.say("looking");
  await vi.advanceTimersByTimeAsync(0);
  expect(Socket.all).toHaveLength(before + 1);
});

test.each([[null], [{ ...caller("administrator"), token: "t2" }]])(
  "a stream is not opened for nobody, and not for who is somebody else by now",
  async (now) => {
    const hub = new Hub("t1");
    const tab = new Tab(hub);
    socket().says(state("one"));
    me = now;
    socket().onclose?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tab.links.at(-1)).toBe("logged-out");
    expect(Socket.all).toHaveLength(1);
  },
);

test("who logs out in one tab leaves in all, and nothing is known any more", () => {
  const hub = new Hub("t1");
  const tabs = [new Tab(hub), new Tab(hub)];
  socket().says(state("one"));
  tabs[0]?.seat.say("log-out");
  expect(tabs.map((each) => each.links.at(-1))).toEqual(["left", "left"]);
  expect(socket().closed).toBe(true);
  socket().says(row("two", 6));
  for (const each of tabs) each.seat.say("learned");
  expect(tabs.map((each) => each.links.at(-1))).toEqual(["left", "left"]);
  const later = new Tab(hub);
  expect(Socket.all).toHaveLength(2);
  expect(later.told).toEqual([{ type: "link", link: "connecting" }]);
});

test("the stream ends with the last tab, and nothing is told to who has left", () => {
  const hub = new Hub("t1");
  const [one, two] = [new Tab(hub), new Tab(hub)];
  one.seat.leave();
  socket().says(state("one"));
  expect(one.told).toHaveLength(1);
  expect(socket().closed).toBe(false);
  one.seat.leave();
  two.seat.leave();
  expect(socket().closed).toBe(true);
  new Tab(hub);
  expect(socket().url).not.toContain("run=");
});
