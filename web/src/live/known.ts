/** What is known of the host, and how each frame of the live stream changes it. */

import type { DomainRow, Event, Frame, Host, HostAnswer, Job } from "../api/words";
import { type HostLook, type HostUsage, hostUsageBetween, type Look, type Usage, usageBetween, worked } from "./usage";

const MOST_EVENTS = 500;
const MOST_JOBS = 200;

/** Five minutes of looks, two seconds apart at the least, thinned where they come faster than they are drawn. */
export const HISTORY = 60;

export interface Known {
  run: string;
  /** The last event that was heard of this run. */
  sequence: number;
  host: HostAnswer | null;
  readonly domains: Map<string, DomainRow>;
  readonly jobs: Map<number, Job>;
  /** Newest first. */
  events: Event[];
  /** By the UUID of the domain. */
  readonly usage: Map<string, Usage>;
  readonly history: Map<string, number[]>;
  readonly looks: Map<string, Look>;
  hostUsage: HostUsage | null;
  hostLook: HostLook | null;
}

export function nothing(): Known {
  return {
    run: "",
    sequence: 0,
    host: null,
    domains: new Map(),
    jobs: new Map(),
    events: [],
    usage: new Map(),
    history: new Map(),
    looks: new Map(),
    hostUsage: null,
    hostLook: null,
  };
}

/** Makes what is `known` all that `other` knows, and nothing else. */
export function adopt(known: Known, other: Known): void {
  known.run = other.run;
  known.sequence = other.sequence;
  known.host = other.host;
  known.events = other.events;
  known.hostUsage = other.hostUsage;
  known.hostLook = other.hostLook;
  become(known.domains, other.domains);
  become(known.jobs, other.jobs);
  become(known.usage, other.usage);
  become(known.history, other.history);
  become(known.looks, other.looks);
}

function become<Key, Value>(map: Map<Key, Value>, other: ReadonlyMap<Key, Value>): void {
  for (const key of map.keys()) if (!other.has(key)) map.delete(key);
  for (const [key, value] of other) map.set(key, value);
}

/** Puts what `frame` says into what is `known`. */
export function learn(known: Known, frame: Frame): void {
  switch (frame.type) {
    case "state":
      replace(known, frame);
      break;
    case "domain":
      learnDomain(known, frame.name, frame.row);
      known.sequence = frame.sequence;
      break;
    case "job":
      known.jobs.set(frame.job.id, frame.job);
      forgetOldJobs(known.jobs);
      known.sequence = frame.sequence;
      break;
    case "event":
      known.events = [frame, ...known.events.filter((each) => each.sequence !== frame.sequence)].slice(0, MOST_EVENTS);
      known.sequence = frame.sequence;
      break;
    case "stats":
      learnHost(known, frame.host);
      for (const each of frame.domains) learnUsage(known, each.domain, { at: frame.at, stats: each.stats });
      learnHostUsage(known, frame);
      break;
    case "resync":
    case "resumed":
      break;
  }
}

function replace(known: Known, frame: Extract<Frame, { type: "state" }>): void {
  const before = known.run === frame.run ? known.events : [];
  const oldest = frame.events[0]?.sequence ?? Infinity;
  known.events = [...[...frame.events].reverse(), ...before.filter((each) => each.sequence < oldest)].slice(0, MOST_EVENTS);
  known.run = frame.run;
  known.sequence = frame.sequence;
  known.host = frame.host;
  const names = new Set(frame.domains.map((each) => each.name));
  for (const name of known.domains.keys()) if (!names.has(name)) learnDomain(known, name, null);
  for (const each of frame.domains) learnDomain(known, each.name, each);
  known.jobs.clear();
  for (const each of frame.jobs) known.jobs.set(each.id, each);
}

function learnDomain(known: Known, name: string, row: DomainRow | null): void {
  if (row === null) {
    const gone = known.domains.get(name);
    known.domains.delete(name);
    if (gone) for (const each of [known.usage, known.history, known.looks]) each.delete(gone.uuid);
  } else known.domains.set(name, row);
}

function learnHost(known: Known, host: Host | null): void {
  if (host && known.host) known.host = { ...known.host, host };
}

function learnUsage(known: Known, domain: DomainRow, look: Look): void {
  const before = known.looks.get(domain.uuid);
  known.looks.set(domain.uuid, look);
  const usage = before && usageBetween(before, look, look.stats.vcpus.length);
  if (!usage) {
    known.usage.delete(domain.uuid);
    return;
  }
  known.usage.set(domain.uuid, usage);
  known.history.set(domain.uuid, [...(known.history.get(domain.uuid) ?? []), usage.cpu].slice(-HISTORY));
}

function learnHostUsage(known: Known, frame: Extract<Frame, { type: "stats" }>): void {
  const before = known.hostLook;
  const look = { at: frame.at, worked: worked(frame.domains, known.host?.engine.accelerator ?? "") };
  const guests = frame.domains.flatMap(({ domain }) => known.usage.get(domain.uuid) ?? []);
  known.hostLook = look;
  known.hostUsage = before && frame.host && hostUsageBetween(before, look, frame.host, guests);
}

/** Those that have ended longest ago. */
function forgetOldJobs(jobs: Map<number, Job>): void {
  if (jobs.size <= MOST_JOBS) return;
  for (const job of [...jobs.values()].sort((one, other) => one.id - other.id)) {
    if (job.state !== "running") jobs.delete(job.id);
    if (jobs.size <= MOST_JOBS) return;
  }
}
