/** Something that a screen asks xend to do, and why it was refused or has failed. */

import { ask, carryOut } from "./client";
import { Problem } from "./problem";

export class Work {
  problem = $state.raw<Problem | null>(null);
  going = $state(false);

  /** Whether it is done, when it has ended; what was asked for before is forgotten. */
  async ask(method: string, path: string, body?: object): Promise<boolean> {
    return this.#do(() => carryOut(method, path, body));
  }

  /** Whether what is at `path`, and is no job's business, is gone. */
  async delete(path: string): Promise<boolean> {
    return this.#do(() => ask("DELETE", path));
  }

  async #do(work: () => Promise<unknown>): Promise<boolean> {
    this.problem = null;
    this.going = true;
    try {
      await work();
      return true;
    } catch (error) {
      this.problem = Problem.of(error);
      return false;
    } finally {
      this.going = false;
    }
  }
}
