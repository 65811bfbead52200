import { expect, test } from "vitest";

import { usageBetween } from "../src/live/usage";
import { stats } from "./words";

test("rates are per second, and CPU is a part of all VCPUs", () => {
  const usage = usageBetween({ at: 1, stats: stats(0, 0) }, { at: 5, stats: stats(4, 8000) }, 2);
  expect(usage).toEqual({ cpu: 50, read: 0, written: 2000, received: 0, sent: 0 });
});

test.each([
  ["no time between", 1, 1, 1, 2],
  ["counted less than before", 1, 2, 3, 2],
])("nothing is told where %s", (_, before, after, cpuBefore, cpuAfter) => {
  expect(usageBetween({ at: before, stats: stats(cpuBefore) }, { at: after, stats: stats(cpuAfter) }, 1)).toBeNull();
});

test("without VCPUs, as Domain-0 is told, there is nothing to divide", () => {
  const none = { vcpus: [], disks: null, vifs: [] };
  expect(usageBetween({ at: 0, stats: none }, { at: 1, stats: none }, 0)).toBeNull();
});
