/** Domains, jobs and answers as the API gives them, for tests. */

import type { Caller, DomainRow, Job, OperationRow, Stats } from "../src/api/words";

export function domain(name: string, more: Partial<DomainRow> = {}): DomainRow {
  return {
    name,
    uuid: `uuid-${name}`,
    domid: 1,
    state: "running",
    memory: 128,
    max_memory: 128,
    vcpus: 2,
    cpu_time: 0,
    kind: "hvm",
    engine: "simulated",
    started_at: 1000,
    vnc: null,
    rdp: null,
    file: `/etc/xen/${name}.cfg`,
    files: [],
    problem: "",
    autostart: false,
    vifs: [],
    ending: "",
    suspended: false,
    tags: [],
    letters: "r-----",
    addresses: null,
    ...more,
  };
}

export function job(id: number, more: Partial<Job> = {}): Job {
  return {
    id,
    operation: "save",
    domain: "web",
    caller: "root",
    state: "running",
    started_at: 1000,
    ended_at: null,
    result: null,
    error: null,
    progress: null,
    cancellable: false,
    last_line: null,
    ...more,
  };
}

export function caller(role: string, grants: string[] = []): Caller {
  return { name: "ada", role, address: "", token: "", grants, by: "" };
}

export function operation(name: string, more: Partial<OperationRow> = {}): OperationRow {
  return { name, sentence: "", role: "operator", domain_0: false, refused: {}, idle: [], unable: null, ...more };
}

export function stats(cpuTime: number, written = 0): Stats {
  return {
    vcpus: [{ number: 0, cpu_time: cpuTime, wait: null, state: null }],
    disks: [{ target: "xvda", read_bytes: 0, write_bytes: written, reads: 0, writes: 0, errors: 0, read_time: null, write_time: null }],
    vifs: [],
  };
}
