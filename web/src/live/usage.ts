/** What domains use: rates, as the differences between two looks. */

import type { Stats } from "../api/words";

/** Per second, between two looks. `cpu` is percent of all of the domain's VCPUs, the others are bytes. */
export interface Usage {
  readonly cpu: number;
  readonly read: number;
  readonly written: number;
  readonly received: number;
  readonly sent: number;
}

/** What was counted at one moment (seconds of a clock that is never set back). */
export interface Look {
  readonly at: number;
  readonly stats: Stats;
}

/** Null where the domain was started anew between the looks, or nothing can be told. */
export function usageBetween(before: Look, after: Look, vcpus: number): Usage | null {
  const seconds = after.at - before.at;
  const [one, other] = [totals(before.stats), totals(after.stats)];
  const grown = { ...other };
  for (const key of keys) grown[key] -= one[key];
  if (seconds <= 0 || vcpus === 0 || keys.some((key) => grown[key] < 0)) return null;
  return {
    cpu: Math.min(100, (100 * grown.cpu) / seconds / vcpus),
    read: grown.read / seconds,
    written: grown.written / seconds,
    received: grown.received / seconds,
    sent: grown.sent / seconds,
  };
}

const keys = ["cpu", "read", "written", "received", "sent"] as const;

function totals(stats: Stats): Record<(typeof keys)[number], number> {
  const disks = stats.disks ?? [];
  return {
    cpu: sum(stats.vcpus, (each) => each.cpu_time),
    read: sum(disks, (each) => each.read_bytes),
    written: sum(disks, (each) => each.write_bytes),
    received: sum(stats.vifs, (each) => each.rx_bytes),
    sent: sum(stats.vifs, (each) => each.tx_bytes),
  };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, each) => total + of(each), 0);
}
