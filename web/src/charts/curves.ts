/** What charts show: the history that xend tells, and behind it what the live stream has told since. Plain data. */

import type { UsageHistory } from "../api/words";

/** Hours that may be looked back; the first is usual. */
export const RANGES = [1, 24, 168, 720] as const;
export type Range = (typeof RANGES)[number];

export const FIGURES = ["cpu", "memory", "read", "written", "received", "sent"] as const;
export type Figure = (typeof FIGURES)[number];
export type Values = (number | null)[];

/** What is used at one moment: percent, MiB, and bytes per second. */
export type Used = Readonly<Record<Figure, number>>;

/** `at` is in seconds since the epoch. */
export interface Sample {
  readonly at: number;
  readonly used: Used;
}

/** A value of each figure for each of `times`; null is a gap. */
export interface Curves {
  readonly times: number[];
  readonly of: Readonly<Record<Figure, Values>>;
}

/** What is chosen in the query of the address. */
export function rangeOf(query: URLSearchParams): Range {
  return RANGES.find((each) => String(each) === query.get("hours")) ?? RANGES[0];
}

/** The address of the same screen with another range; what is usual is left out. */
export function withRange(path: string, range: Range): string {
  return range === RANGES[0] ? path : `${path}?hours=${range}`;
}

/** Slots of `history`, and for what came after its last one the mean of the samples in each. Where there are none, there
 * is a gap. `ahead` are the seconds by which the clock of the host is ahead of that of the samples. */
export function curvesOf(history: UsageHistory, samples: readonly Sample[], ahead = 0): Curves {
  const { begin, step } = history;
  const told: Record<Figure, Values> = {
    cpu: [...history.cpu],
    memory: [...history.memory],
    read: [...history.read_bytes],
    written: [...history.write_bytes],
    received: [...history.rx_bytes],
    sent: [...history.tx_bytes],
  };
  const known = told.cpu.length;
  const later = new Map<number, Used[]>();
  for (const { at, used } of samples) {
    const slot = Math.floor((at + ahead) / step) * step;
    if (known === 0 || slot >= begin + known * step) later.set(slot, [...(later.get(slot) ?? []), used]);
  }
  const slots = [...later.keys()];
  const from = known ? begin : Math.min(...slots);
  const end = Math.max(begin + known * step, ...slots.map((each) => each + step));
  const times: number[] = [];
  for (let time = from; slots.length + known > 0 && time < end; time += step) times.push(time);
  for (const time of times.slice(known)) {
    const found = later.get(time);
    for (const name of FIGURES) told[name].push(found ? mean(found.map((each) => each[name])) : null);
  }
  return { times, of: told };
}

/** What is still of use of the samples when `history` has come: what lies behind its end. */
export function after(history: UsageHistory, samples: readonly Sample[], ahead: number): Sample[] {
  const end = history.begin + history.cpu.length * history.step;
  return samples.filter((each) => each.at + ahead >= end);
}

/** In words: the last value, the mean and the highest; null where nothing is known. */
export interface Summary {
  readonly last: number | null;
  readonly mean: number;
  readonly highest: number;
}

export function summaryOf(values: Values): Summary | null {
  const known = values.filter((each) => each !== null);
  if (!known.length) return null;
  return { last: values.at(-1) ?? null, mean: mean(known), highest: Math.max(...known) };
}

/** A stretch of time and what the values were in it. */
export interface Stretch {
  readonly from: number;
  readonly of: (Summary | null)[];
}

/** `hours` until `now` in twelve equal stretches, the first one first. */
export function stretches(times: readonly number[], lines: readonly Values[], hours: number, now: number): Stretch[] {
  const length = (hours * 3600) / 12;
  return Array.from({ length: 12 }, (_, index) => {
    const from = now - hours * 3600 + index * length;
    const within = (_: unknown, place: number): boolean => {
      const time = times[place] ?? 0;
      return time >= from && time < from + length;
    };
    return { from, of: lines.map((values) => summaryOf(values.filter(within))) };
  });
}

/** What stands below a chart: the time of day, or the day where there are several. */
export function tick(epoch: number, hours: number): string {
  const at = new Date(epoch * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 24 ? `${two(at.getMonth() + 1)}-${two(at.getDate())}` : `${two(at.getHours())}:${two(at.getMinutes())}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
