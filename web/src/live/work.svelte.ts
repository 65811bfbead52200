/** Something that a screen has asked xend to do: it was refused, or is a job, whose end the live stream tells. */

import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { JobAnswer } from "../api/words";
import type { Live } from "./live.svelte";

export class Work {
  #live: () => Live;
  #refused = $state.raw<Problem | null>(null);
  #number = $state(0);

  constructor(live: () => Live) {
    this.#live = live;
  }

  /** Whether xend has taken it on; what it was asked before is forgotten. */
  async ask(method: string, path: string, body?: object): Promise<boolean> {
    this.#refused = null;
    this.#number = 0;
    try {
      const told = await ask<JobAnswer>(method, path, body);
      this.#number = told.job.id;
      return true;
    } catch (error) {
      this.#refused = Problem.of(error);
      return false;
    }
  }

  /** Why it was refused, or has failed. */
  get problem(): Problem | null {
    const error = this.#live().jobs.get(this.#number)?.error;
    return this.#refused ?? (error ? Problem.told(error) : null);
  }
}

/** Another text whenever a job that begins with one of these words, of `domain` where one is named, begins or ends. */
export function changes(live: Live, words: readonly string[], domain = ""): string {
  return [...live.jobs.values()]
    .filter((each) => words.some((word) => each.operation.startsWith(word)) && (!domain || each.domain === domain))
    .map((each) => `${each.id}${each.state}`)
    .join();
}
