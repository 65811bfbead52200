import { expect, test } from "vitest";

import type { Host } from "../src/api/words";
import { hostUsageBetween, usageBetween, worked } from "../src/live/usage";
import { domain, stats } from "./words";

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

const HOST = { cpus: 4, total_memory: 1000, free_memory: 400 } as Host;
const ROWS = [
  { domain: domain("Domain-0", { domid: 0, cpu_time: 10 }), stats: { vcpus: [], disks: null, vifs: [] } },
  { domain: domain("web"), stats: stats(3) },
];

test("the host has worked what Domain-0 and the guests have, and under emulation only the first", () => {
  const guest = worked(ROWS.slice(1), "kvm");
  expect(guest).toBeGreaterThan(0);
  expect(worked(ROWS, "kvm")).toBe(10 + guest);
  expect(worked(ROWS, "tcg")).toBe(10);
});

test("the host uses what all guests use, and CPU is a part of all its CPUs", () => {
  const guest = { cpu: 1, read: 1, written: 2, received: 3, sent: 4 };
  const told = hostUsageBetween({ at: 1, worked: 10 }, { at: 3, worked: 14 }, HOST, [guest, guest]);
  expect(told).toEqual({ cpu: 50, memory: 600, read: 2, written: 4, received: 6, sent: 8 });
  expect(hostUsageBetween({ at: 1, worked: 10 }, { at: 3, worked: 9 }, HOST, [])).toBeNull();
  expect(hostUsageBetween({ at: 3, worked: 10 }, { at: 3, worked: 11 }, HOST, [])).toBeNull();
});
