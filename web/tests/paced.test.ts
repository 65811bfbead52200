import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { paced } from "../src/live/paced";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what is asked for meanwhile is done once, after a pause", async () => {
  const ends: (() => void)[] = [];
  const go = paced(() => new Promise<void>((done) => ends.push(done)), 1000);
  go();
  go();
  go();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(999);
  go();
  expect(ends).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await vi.advanceTimersByTimeAsync(5000);
  expect(ends).toHaveLength(2);
  go();
  expect(ends).toHaveLength(3);
});
