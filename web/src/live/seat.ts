/** How a tab comes to a Hub: in the shared worker of its login, or, where there is none, in the tab itself. */

import { whoAmI } from "../api/client";
import { type FromTab, type FromWorker, Hub, type Seat, type ToTab } from "./hub";
import { holdLock, released } from "./lock";
import script from "./worker?worker&url";

/** `tell` is told all, from the first word on. */
export function takeSeat(login: string, tell: (told: ToTab) => void): Seat {
  return "SharedWorker" in globalThis && "locks" in navigator ? new SharedSeat(login, tell) : new Hub(login).join(tell);
}

class SharedSeat implements Seat {
  readonly #login: string;
  readonly #tell: (told: ToTab) => void;
  readonly #left = new AbortController();
  /** In this tab, where a worker is of no use. */
  #own: Seat | null = null;
  #port: MessagePort | null = null;
  /** Gives up the place in the worker. */
  #rise = (): void => undefined;
  #wasLive = false;

  constructor(login: string, tell: (told: ToTab) => void) {
    this.#login = login;
    this.#tell = tell;
    void this.#sit();
  }

  say(word: FromTab): void {
    if (this.#own) this.#own.say(word);
    else this.#port?.postMessage(word);
  }

  leave(): void {
    this.#left.abort();
    this.#rise();
    this.#own?.leave();
  }

  async #sit(): Promise<void> {
    const lock = await holdLock();
    if (this.#left.signal.aborted) return lock.release();
    const worker = new SharedWorker(script, { type: "module", name: this.#login });
    const { port } = worker;
    this.#port = port;
    this.#rise = () => {
      port.onmessage = null;
      port.close();
      lock.release();
    };
    worker.onerror = () => this.#sitAlone(); // there is no such script any more: the page is an older one
    port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === "worker") void this.#sitAgainAfter(data.lock);
      else this.#hear(data);
    };
    port.postMessage(lock.name);
  }

  #hear(told: ToTab): void {
    this.#tell(told);
    if (told.type !== "link") return;
    if (told.link === "live") this.#wasLive = true;
    if (told.link === "lost" && !this.#wasLive) void this.#doubt();
  }

  /** Chromium lets no worker speak to a host whose certificate it does not trust, whatever its user has said to a page. */
  async #doubt(): Promise<void> {
    const me = await whoAmI().catch(() => null);
    if (me && !this.#wasLive) this.#sitAlone();
  }

  #sitAlone(): void {
    if (this.#own || this.#left.signal.aborted) return;
    this.#rise();
    this.#own = new Hub(this.#login).join(this.#tell);
  }

  /** In a new worker, once that with this lock has ended. */
  async #sitAgainAfter(lock: string): Promise<void> {
    try {
      await released(lock, this.#left.signal);
    } catch {
      return; // this tab has left
    }
    if (this.#own) return;
    this.#rise();
    await this.#sit();
  }
}
