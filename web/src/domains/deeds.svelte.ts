/** Asking xend to do something with domains, and what came of it. */

import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { DomainRow } from "../api/words";
import type { Action } from "./actions";

export class Deeds {
  /** What was refused, newest first: it stays until it was seen. */
  refused = $state.raw<readonly { id: number; name: string; action: Action["name"]; problem: Problem }[]>([]);
  #next = 0;

  /** Asks for `action` on `domain`. It is told by the jobs how it goes on. */
  async ask(action: Action, domain: DomainRow): Promise<void> {
    try {
      await ask("POST", `/domains/${encodeURIComponent(domain.uuid || domain.name)}/${action.route}`, action.body);
    } catch (error) {
      const problem = Problem.of(error);
      this.refused = [{ id: this.#next++, name: domain.name, action: action.name, problem }, ...this.refused];
    }
  }

  seen(id: number): void {
    this.refused = this.refused.filter((each) => each.id !== id);
  }
}
