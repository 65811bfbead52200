/** Making a domain, step by step; what is done stays done when a later step fails, and is not done again. */

import { ask, carryOut } from "../api/client";
import { Problem } from "../api/problem";
import type { SavedGuestFile } from "../api/words";

export type Step = "disk" | "file" | "start";

export interface Wish {
  /** Null where none is made. */
  readonly image: { readonly path: string; readonly size: number; readonly format: string } | null;
  readonly text: string;
  readonly start: boolean;
}

export class Making {
  doing = $state<Step | null>(null);
  failed = $state.raw<{ step: Step; problem: Problem } | null>(null);
  /** The paths of the images that were made; more than one where another was asked for after something had failed. */
  images = $state.raw<readonly string[]>([]);
  /** The name of the domain, once its guest file is kept. */
  domain = $state("");
  done = $state(false);
  readonly #made = new Set<string>();

  async go(wish: Wish): Promise<void> {
    if (this.doing) return;
    this.failed = null;
    try {
      if (wish.image) await this.#makeImage(wish.image);
      if (!this.domain) await this.#define(wish.text);
      if (wish.start) await this.#start();
      this.done = true;
    } catch (error) {
      const problem = Problem.of(error);
      this.failed = { step: this.doing ?? "file", problem };
    } finally {
      this.doing = null;
    }
  }

  async #makeImage(image: NonNullable<Wish["image"]>): Promise<void> {
    const wanted = JSON.stringify(image);
    if (this.#made.has(wanted)) return;
    this.doing = "disk";
    await carryOut("POST", "/images", image);
    this.#made.add(wanted);
    this.images = [...new Set([...this.images, image.path])];
  }

  async #define(text: string): Promise<void> {
    this.doing = "file";
    const saved = await ask<SavedGuestFile>("POST", "/guest-files", { text });
    this.domain = saved.domain ?? "";
  }

  async #start(): Promise<void> {
    this.doing = "start";
    await carryOut("POST", `/domains/${encodeURIComponent(this.domain)}/start`, {});
  }
}
