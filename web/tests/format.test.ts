import { expect, test } from "vitest";

import { bytes, duration, megabytes, memory, moment } from "../src/text/format";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 KiB"],
  [1_400_000_000, "1.3 GiB"],
  [128 * 1024 ** 4, "128 TiB"],
  [5000 * 1024 ** 4, "5000 TiB"],
])("%d bytes are %s", (count, text) => expect(bytes(count)).toBe(text));

test("memory is told in MiB", () => {
  expect(memory(128)).toBe("128 MiB");
  expect(memory(1536)).toBe("1.5 GiB");
});

test("rates have the same unit everywhere", () => {
  expect(megabytes(4_100_000)).toBe("4.1");
  expect(megabytes(38_400_000)).toBe("38");
  expect(megabytes(10)).toBe("0");
});

test.each([
  [0, "0 s"],
  [0.41, "0.4 s"],
  [9.96, "9 s"],
  [59, "59 s"],
  [61, "1 min 1 s"],
  [3600, "1 h"],
  [3605, "1 h"],
  [8040, "2 h 14 min"],
  [525_600, "6 d 2 h"],
])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));

test("a moment of another day has its date", () => {
  const now = new Date(2026, 10, 28, 14, 30);
  const at = (...date: [number, number, number, number, number]): number => new Date(...date).getTime() / 1000;
  expect(moment(at(2026, 10, 28, 9, 5), now)).toBe("09:05:00");
  expect(moment(at(2026, 10, 27, 9, 5), now)).toBe("2026-11-27 09:05:00");
});
