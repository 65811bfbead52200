/** A security key that is being added: begun at xend, made by the browser, and kept by xend. */

import { ask } from "../api/client";
import { Problem } from "../api/problem";
import { newKey } from "../api/securitykey";
import type { KeyWanted } from "../api/words";

export class AddedKey {
  problem = $state.raw<Problem | null>(null);
  /** Whether the browser asks for the key. */
  asking = $state(false);
  #ended = new AbortController();

  /** Whether it is added. */
  async add(label: string): Promise<boolean> {
    this.problem = null;
    this.asking = true;
    this.#ended = new AbortController();
    try {
      const wanted = await ask<KeyWanted>("POST", "/security-keys/begin");
      const answer = await newKey(wanted.options, this.#ended.signal);
      await ask("POST", "/security-keys", { secret: wanted.secret, label, answer });
      return true;
    } catch (error) {
      this.problem = Problem.of(error);
      return false;
    } finally {
      this.asking = false;
    }
  }

  end(): void {
    this.#ended.abort();
  }
}
