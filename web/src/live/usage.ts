/** What domains use: rates, as the differences between two looks. */

import type { DomainRow, Host, Stats } from "../api/words";

/** Per second, between two looks. `cpu` is percent of all of the domain's VCPUs, the others are bytes. */
export interface Usage {
  readonly cpu: number;
  readonly read: number;
  readonly written: number;
  readonly received: number;
  readonly sent: number;
}

/** What the host uses: all domains together. `cpu` is percent of all of its CPUs, `memory` is MiB. */
export interface HostUsage extends Usage {
  readonly memory: number;
}

/** For how many seconds CPUs of the host have worked by then. */
export interface HostLook {
  readonly at: number;
  readonly worked: number;
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

/** Of Domain-0 and of the guests; under emulation, what guests work is in what Domain-0 works. */
export function worked(rows: readonly { domain: DomainRow; stats: Stats }[], accelerator: string): number {
  return sum(rows, ({ domain, stats }) => {
    if (domain.domid === 0) return domain.cpu_time;
    return accelerator === "tcg" ? 0 : sum(stats.vcpus, (each) => each.cpu_time);
  });
}

/** `guests` is what they use. Null where nothing can be told: also where a guest has ended between the looks. */
export function hostUsageBetween(
  before: HostLook,
  after: HostLook,
  host: Host,
  guests: readonly Usage[],
): HostUsage | null {
  const [seconds, grown] = [after.at - before.at, after.worked - before.worked];
  if (seconds <= 0 || grown < 0) return null;
  return {
    cpu: Math.min(100, (100 * grown) / seconds / host.cpus),
    memory: host.total_memory - host.free_memory,
    read: sum(guests, (each) => each.read),
    written: sum(guests, (each) => each.written),
    received: sum(guests, (each) => each.received),
    sent: sum(guests, (each) => each.sent),
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
