import { expect, test } from "vitest";

import type { Frame } from "../src/api/words";
import { adopt, HISTORY, type Known, learn, nothing } from "../src/live/known";
import { domain, job, stats } from "./words";

function told(...frames: Frame[]): Known {
  const known = nothing();
  for (const frame of frames) learn(known, frame);
  return known;
}

const state = (run: string, ...names: string[]): Extract<Frame, { type: "state" }> => ({
  type: "state",
  run,
  sequence: 5,
  host: null,
  domains: names.map((each) => domain(each)),
  jobs: [],
  events: [],
});

const event = (sequence: number): Extract<Frame, { type: "event" }> => ({
  type: "event",
  sequence,
  at: 1,
  kind: "started",
  domain: "web",
  uuid: "u",
  domid: 1,
  detail: "",
});

const look = (at: number, cpuTime: number, name = "web"): Frame => ({
  type: "stats",
  at,
  host: null,
  domains: [{ domain: domain(name), stats: stats(cpuTime) }],
});

test("a state is all there is", () => {
  const known = told(state("a", "one", "two"), state("a", "two", "three"));
  expect([...known.domains.keys()].sort()).toEqual(["three", "two"]);
  expect(known.sequence).toBe(5);
});

test("domains come, change and go, and take what was measured of them along", () => {
  const known = told(state("a", "web"), look(0, 0), look(2, 1));
  expect(known.usage.size).toBe(1);
  learn(known, { type: "domain", name: "web", row: domain("web", { state: "paused" }), sequence: 6 });
  expect(known.domains.get("web")?.state).toBe("paused");
  learn(known, { type: "domain", name: "web", row: null, sequence: 7 });
  expect([known.domains.size, known.usage.size, known.history.size, known.looks.size]).toEqual([0, 0, 0, 0]);
  expect(known.sequence).toBe(7);
});

test("what happened before is told with the state, and what is known of longer ago stays", () => {
  const lately: Frame = { ...state("a"), events: [event(4), event(5)] };
  const known = told(lately, event(6));
  expect(known.events.map((each) => each.sequence)).toEqual([6, 5, 4]);
  learn(known, { ...state("a"), sequence: 8, events: [event(5), event(6), event(7), event(8)] });
  expect(known.events.map((each) => each.sequence)).toEqual([8, 7, 6, 5, 4]);
  learn(known, { ...state("b"), events: [event(1)] });
  expect(known.events.map((each) => each.sequence)).toEqual([1]);
});

test("events are kept newest first, once each, and forgotten with the life of xend", () => {
  const known = told(state("a"), event(6), event(7), event(6));
  expect(known.events.map((each) => each.sequence)).toEqual([6, 7]);
  learn(known, state("a"));
  expect(known.events).toHaveLength(2);
  learn(known, state("b"));
  expect(known.events).toHaveLength(0);
});

test("nothing that is told grows without end", () => {
  const known = nothing();
  for (let number = 0; number < 700; number++) {
    learn(known, event(number));
    learn(known, { type: "job", job: job(number, { state: number === 3 ? "running" : "done" }), sequence: number });
    learn(known, look(number * 2, number));
  }
  expect(known.events).toHaveLength(500);
  expect(known.jobs.size).toBe(200);
  expect(known.jobs.has(3), "what runs is not forgotten").toBe(true);
  expect(known.history.get("uuid-web")).toHaveLength(HISTORY);
});

test("what a domain uses is the difference of two looks", () => {
  const known = told(look(10, 4), look(12, 5));
  expect(known.usage.get("uuid-web")?.cpu).toBe(50);
  expect(known.history.get("uuid-web")).toEqual([50]);
});

test("a domain that was started anew has no difference", () => {
  const known = told(look(10, 4), look(12, 1));
  expect(known.usage.size).toBe(0);
  learn(known, look(14, 3));
  expect(known.usage.get("uuid-web")?.cpu).toBe(100);
});

test("what another one knows is all that is known then", () => {
  const old = told(state("a", "one", "two"), event(6), look(1, 1, "one"), look(3, 2, "one"));
  const other = told(state("b", "two", "three"), look(1, 1, "two"), look(3, 2, "two"));
  adopt(old, other);
  expect(old).toEqual(other);
  learn(old, { type: "domain", name: "two", row: null, sequence: 9 });
  expect(other.domains.has("two")).toBe(true);
});
