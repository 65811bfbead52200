/** An upload of an image from this browser, which goes on while other screens are looked at. */

import { ask, socketAddress } from "../api/client";
import { Problem } from "../api/problem";
import type { Job } from "../api/words";
import { t } from "../text/language.svelte";
import { send, Unreadable } from "./send";

/** A browser asks before it leaves the page. */
function stay(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
let underWay = 0;

export class Upload {
  /** Bytes that have come there. */
  received = $state(0);
  going = $state(false);
  problem = $state.raw<Problem | null>(null);
  #job: Job | null = null;
  #way: WebSocket | null = null;

  /** The path of the image of `file` that is called `path` on the host; "" where it was refused (`problem`) or cancelled. */
  async go(file: File, path: string): Promise<string> {
    this.problem = null;
    this.received = 0;
    this.going = true;
    this.#job = null;
    if (underWay++ === 0) addEventListener("beforeunload", stay);
    try {
      this.#way = new WebSocket(socketAddress(`/images/upload?${new URLSearchParams({ path, size: String(file.size) })}`));
      const ended = await send(this.#way, file, (received, job) => {
        this.received = received;
        this.#job = job;
      });
      return this.#pathOf(ended);
    } catch (error) {
      this.problem =
        error instanceof Unreadable ? new Problem(t("upload.unreadable"), t("upload.unreadable.next")) : Problem.of(error);
      return "";
    } finally {
      this.going = false;
      if (--underWay === 0) removeEventListener("beforeunload", stay);
    }
  }

  #pathOf(ended: Job | null): string {
    if (ended?.state === "done") return (ended.result as { image: { path: string } }).image.path;
    if (ended?.state === "failed") this.problem = Problem.told(ended.error);
    else if (ended?.state !== "cancelled") this.problem = new Problem(t("upload.lost"), t("upload.lost.next"));
    return "";
  }

  async cancel(): Promise<void> {
    try {
      if (this.#job) await ask("POST", `/jobs/${this.#job.id}/cancel`);
      else this.#way?.close();
    } catch (error) {
      this.problem = Problem.of(error);
    }
  }
}
