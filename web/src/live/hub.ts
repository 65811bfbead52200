/** What one stream tells, for the tabs of a browser: it lives in a shared worker; where there is none, in each tab. */

import type { Frame } from "../api/words";
import { type Known, learn, nothing } from "./known";
import { type Link, Stream } from "./stream";

/** What a tab is told. `all` is what is known, and comes before frames or instead of them. */
export type ToTab =
  | { readonly type: "link"; readonly link: Link }
  | { readonly type: "all"; readonly known: Known }
  | { readonly type: "frames"; readonly frames: readonly Frame[] };

/** What a shared worker says besides, once: the lock that it holds for as long as it is there. */
export type FromWorker = ToTab | { readonly type: "worker"; readonly lock: string };

/** `learned`: what was told is taken in, there may be more. `looking`: somebody looks at the tab now. */
export type FromTab = "learned" | "looking" | "log-out";

/** The place of one tab. */
export interface Seat {
  say(word: FromTab): void;
  /** Nothing is told afterwards. */
  leave(): void;
}

/** Frames that wait for a tab. One that is frozen or hangs is told all anew when it comes back. */
export const MOST_WAITING = 1000;

interface Tab {
  readonly tell: (told: ToTab) => void;
  /** It has not yet learned what it was told last. */
  busy: boolean;
  /** It is to be told all. */
  behind: boolean;
  waiting: Frame[];
}

export class Hub {
  readonly #login: string;
  readonly #tabs = new Set<Tab>();
  #stream: Stream | null = null;
  #known = nothing();
  #told = false;
  #link: Link = "connecting";

  /** For tabs of one login alone: its token, as /v1/me tells it. */
  constructor(login: string) {
    this.#login = login;
  }

  /** The stream is opened for the first tab, and closed when the last one has left. */
  join(tell: (told: ToTab) => void): Seat {
    const tab: Tab = { tell, busy: false, behind: this.#told, waiting: [] };
    this.#tabs.add(tab);
    this.#stream ??= this.#open();
    tell({ type: "link", link: this.#link });
    this.#go(tab);
    return { say: (word) => this.#heed(tab, word), leave: () => this.#leave(tab) };
  }

  #heed(tab: Tab, word: FromTab): void {
    if (!this.#tabs.has(tab)) return;
    if (word === "looking") this.#stream?.again();
    else if (word === "log-out") {
      this.#tell("left");
      this.#tabs.clear();
      this.#end();
    } else {
      tab.busy = false;
      this.#go(tab);
    }
  }

  #leave(tab: Tab): void {
    if (this.#tabs.delete(tab) && this.#tabs.size === 0) this.#end();
  }

  #open(): Stream {
    const known = this.#known;
    return new Stream(this.#login, {
      get run() {
        return known.run;
      },
      get sequence() {
        return known.sequence;
      },
      hear: (frame) => this.#hear(frame),
      tell: (link) => this.#tell(link),
    });
  }

  #end(): void {
    this.#stream?.close();
    this.#stream = null;
    this.#known = nothing();
    this.#told = false;
    this.#link = "connecting";
  }

  #hear(frame: Frame): void {
    learn(this.#known, frame);
    if (frame.type === "state") this.#told = true;
    if (this.#link !== "live") this.#tell("live");
    for (const tab of this.#tabs) {
      if (tab.waiting.length >= MOST_WAITING) {
        tab.behind = true;
        tab.waiting = [];
      }
      if (!tab.behind) tab.waiting.push(frame);
      this.#go(tab);
    }
  }

  #tell(link: Link): void {
    this.#link = link;
    for (const tab of this.#tabs) tab.tell({ type: "link", link });
  }

  /** One message at a time: what a tab does not take in waits here, where it is bounded. */
  #go(tab: Tab): void {
    if (tab.busy || (!tab.behind && tab.waiting.length === 0)) return;
    tab.busy = true;
    if (tab.behind) tab.tell({ type: "all", known: this.#known });
    else tab.tell({ type: "frames", frames: tab.waiting });
    tab.behind = false;
    tab.waiting = [];
  }
}
