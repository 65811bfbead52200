/** What a domain is doing, in one word: its state, or the job that is changing it. */

import type { DomainRow, Job } from "../api/words";

export type Condition = "running" | "paused" | "stopped" | "saved" | "kept" | "crashed" | "starting" | "ending" | "broken";

/** The marks that conditions are drawn with. */
export const MARKS: Record<Condition, "running" | "paused" | "stopped" | "saved" | "crashed" | "moving" | "unknown"> = {
  running: "running",
  paused: "paused",
  stopped: "stopped",
  saved: "saved",
  kept: "stopped",
  crashed: "crashed",
  starting: "moving",
  ending: "moving",
  broken: "unknown",
};

export function conditionOf(domain: DomainRow): Condition {
  switch (domain.state) {
    case "running":
    case "blocked":
      return "running";
    case "paused":
      return "paused";
    case "starting":
      return "starting";
    case "dying":
      return "ending";
    case "crashed":
      return "crashed";
    case "shutdown":
      return "kept";
    case "defined":
      if (domain.suspended) return "saved";
      return domain.problem ? "broken" : "stopped";
  }
}

/** Another text whenever more about a domain has changed than how busy it is: on Xen its row comes all the time. */
export function lifeOf(domain: DomainRow): string {
  return JSON.stringify([domain.domid, conditionOf(domain), domain.memory, domain.max_memory, domain.vcpus, domain.vifs]);
}

/** The job that is changing each domain now, by its name. */
export function jobsByDomain(jobs: Iterable<Job>): Map<string, Job> {
  const found = new Map<string, Job>();
  for (const job of jobs) if (job.state === "running" && job.domain) found.set(job.domain, job);
  return found;
}

export const DOMAIN_0 = "00000000-0000-0000-0000-000000000000";
