/** The host as it is now, for the screens of one tab: what a Hub tells is put in at most once per picture. */

import { SvelteMap } from "svelte/reactivity";

import type { DomainRow, Event, HostAnswer, Job } from "../api/words";
import type { Seat, ToTab } from "./hub";
import { adopt, type Known, learn } from "./known";
import { takeSeat } from "./seat";
import type { Link } from "./stream";
import type { HostLook, HostUsage, Look, Usage } from "./usage";

export class Live implements Known {
  run = "";
  sequence = 0;
  host = $state.raw<HostAnswer | null>(null);
  readonly domains = new SvelteMap<string, DomainRow>();
  readonly jobs = new SvelteMap<number, Job>();
  events = $state.raw<Event[]>([]);
  readonly usage = new SvelteMap<string, Usage>();
  readonly history = new SvelteMap<string, number[]>();
  readonly looks = new Map<string, Look>();
  hostUsage = $state.raw<HostUsage | null>(null);
  hostLook: HostLook | null = null;

  link = $state<Link>("connecting");
  /** Whether all of the host has been told once. */
  told = $state(false);

  #seat: Seat | null = null;

  /** For who has the token `login`. May be called once; until `close`, it connects again whenever the connection is
   * lost. */
  open(login: string): void {
    document.addEventListener("visibilitychange", this.#look);
    this.#seat = takeSeat(login, (told) => this.#hear(told));
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.#look);
    this.#seat?.leave();
    this.#seat = null;
  }

  /** Tells all tabs of this login that it is over. */
  end(): void {
    this.#seat?.say("log-out");
  }

  #look = (): void => {
    if (!document.hidden) this.#seat?.say("looking");
  };

  #hear(told: ToTab): void {
    if (told.type === "link") {
      this.link = told.link;
      return;
    }
    if (told.type === "all") adopt(this, told.known);
    const done = (): void => {
      if (told.type === "frames") for (const frame of told.frames) learn(this, frame);
      if (told.type === "all" || told.frames.some((each) => each.type === "state")) this.told = true;
      this.#seat?.say("learned");
    };
    // A page that nobody sees draws no pictures, but is to know what happens.
    if (document.hidden) setTimeout(done, 1000);
    else requestAnimationFrame(done);
  }
}
