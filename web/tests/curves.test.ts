import { expect, test } from "vitest";

import type { UsageHistory } from "../src/api/words";
import { after, curvesOf, rangeOf, type Sample, stretches, summaryOf, tick, type Used, withRange } from "../src/charts/curves";
import { rate } from "../src/text/format";

function history(begin: number, ...cpu: (number | null)[]): UsageHistory {
  const [memory, none] = [cpu.map((each) => each && 64), cpu.map(() => 0)];
  const rates = { read_bytes: none, write_bytes: none, reads: none, writes: none, rx_bytes: none, tx_bytes: none };
  return { now: begin + 10 * cpu.length, begin, step: 10, cpu, memory, ...rates };
}

function sample(at: number, cpu: number): Sample {
  const used: Used = { cpu, memory: 64, read: 1, written: 2, received: 3, sent: 4 };
  return { at, used };
}

test.each([
  ["", 1],
  ["hours=24", 24],
  ["hours=720", 720],
  ["hours=2", 1],
  ["hours=x", 1],
])("the query '%s' looks %i hours back", (query, hours) => {
  expect(rangeOf(new URLSearchParams(query))).toBe(hours);
});

test("the range goes into the address, and what is usual is left out", () => {
  expect(withRange("/host", 24)).toBe("/host?hours=24");
  expect(withRange("/host", 1)).toBe("/host");
});

test("what the stream tells goes on behind the history: the mean of each slot", () => {
  const curves = curvesOf(history(100, 1, 2), [sample(120, 10), sample(125, 20), sample(130, 7)]);
  expect(curves.times).toEqual([100, 110, 120, 130]);
  expect(curves.of.cpu).toEqual([1, 2, 15, 7]);
  expect(curves.of.sent).toEqual([0, 0, 4, 4]);
});

test("gaps stay gaps, in the history and between it and what came live", () => {
  const curves = curvesOf(history(100, 1, null, 3), [sample(151, 9)]);
  expect(curves.times).toEqual([100, 110, 120, 130, 140, 150]);
  expect(curves.of.cpu).toEqual([1, null, 3, null, null, 9]);
});

test("what the history knows already is not told twice", () => {
  const samples = [sample(105, 99), sample(119, 99), sample(120, 5)];
  expect(curvesOf(history(100, 1, 2), samples).of.cpu).toEqual([1, 2, 5]);
  expect(after(history(100, 1, 2), samples, 0)).toEqual([sample(120, 5)]);
});

test("without a history there is what came live, and without both nothing", () => {
  expect(curvesOf(history(100), [sample(205, 5), sample(221, 6)]).of.cpu).toEqual([5, null, 6]);
  expect(curvesOf(history(100), [sample(205, 5)]).times).toEqual([200]);
  expect(curvesOf(history(100), [])).toMatchObject({ times: [], of: { cpu: [] } });
});

test("samples have their place by the clock of the host", () => {
  expect(curvesOf(history(1000, 1), [sample(11, 5)], 1000).times).toEqual([1000, 1010]);
});

test("a summary leaves out what is not known, and says when the last is not", () => {
  expect(summaryOf([1, null, 3])).toEqual({ last: 3, mean: 2, highest: 3 });
  expect(summaryOf([4, null])).toEqual({ last: null, mean: 4, highest: 4 });
  expect(summaryOf([null])).toBeNull();
});

test("a table has twelve rows, and those of which nothing is known say so", () => {
  const rows = stretches([0, 299, 300, 3599], [[2, 4, 5, 8]], 1, 3600);
  expect(rows.map((each) => each.from)).toEqual([0, 300, 600, 900, 1200, 1500, 1800, 2100, 2400, 2700, 3000, 3300]);
  expect(rows[0]?.of[0]).toEqual({ last: 4, mean: 3, highest: 4 });
  expect(rows[2]?.of[0]).toBeNull();
  expect(rows[11]?.of[0]?.mean).toBe(8);
});

test("below a chart there are times of day, or days", () => {
  const at = new Date(2026, 10, 8, 7, 5).getTime() / 1000;
  expect([tick(at, 24), tick(at, 168)]).toEqual(["07:05", "11-08"]);
});

test.each([
  [0, "0 B/s"],
  [999, "999 B/s"],
  [999.9, "1 kB/s"],
  [4_140_000, "4.1 MB/s"],
  [2.5e12, "2500 GB/s"],
])("%d bytes per second are %s", (count, text) => {
  expect(rate(count)).toBe(text);
});
