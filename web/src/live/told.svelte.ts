/** What xend tells at one address, asked for anew when something has changed. */

import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { Live } from "./live.svelte";
import { paced } from "./paced";

/** Milliseconds between two times: on a busy host something changes all the time. */
const PAUSE = 1000;

export class Told<Answer> {
  value = $state.raw<Answer | null>(null);
  /** Why it is not told now; then `value` is what was told before. */
  problem = $state.raw<Problem | null>(null);
  #path = "";

  /** To be made while a component is. `path` and `changed` are read as an effect does. */
  constructor(path: () => string, changed: () => unknown = () => undefined) {
    const look = paced(() => this.#look(), PAUSE);
    $effect(() => {
      changed();
      this.#path = path();
      look();
    });
    $effect(() => () => (this.#path = ""));
  }

  async #look(): Promise<void> {
    const path = this.#path;
    if (!path) return;
    try {
      const told = await ask<Answer>("GET", path);
      if (path !== this.#path) return;
      this.value = told;
      this.problem = null;
    } catch (error) {
      if (path === this.#path) this.problem = Problem.of(error);
    }
  }
}

/** Another text whenever a job that begins with one of these words, of `domain` where one is named, begins or ends. */
export function changes(live: Live, words: readonly string[], domain = ""): string {
  return [...live.jobs.values()]
    .filter((each) => words.some((word) => each.operation.startsWith(word)) && (!domain || each.domain === domain))
    .map((each) => `${each.id}${each.state}`)
    .join();
}
