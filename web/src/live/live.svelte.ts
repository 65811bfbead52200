/** The host as it is now: one WebSocket, whose frames are put into what is known at most once per picture. */

import { SvelteMap } from "svelte/reactivity";

import { socketAddress, whoAmI } from "../api/client";
import type { DomainRow, Event, Frame, HostAnswer, Job } from "../api/words";
import { type Known, learn } from "./known";
import type { HostLook, HostUsage, Look, Usage } from "./usage";

/** Seconds between two looks at what domains use. */
const PACE = 5;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

export type Link = "connecting" | "live" | "lost" | "logged-out";

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

  #socket: WebSocket | null = null;
  #waiting: Frame[] = [];
  #pause = FIRST_PAUSE;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** May be called once; until `close`, it connects again whenever the connection is lost. */
  open(): void {
    addEventListener("online", this.#again);
    document.addEventListener("visibilitychange", this.#again);
    this.#connect();
  }

  close(): void {
    this.#ended = true;
    removeEventListener("online", this.#again);
    document.removeEventListener("visibilitychange", this.#again);
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #connect(): void {
    const from = this.run ? `&run=${this.run}&after=${this.sequence}` : "";
    const socket = new WebSocket(socketAddress(`/stream?stats=${PACE}${from}`));
    this.#socket = socket;
    socket.onmessage = (message: MessageEvent<string>) => {
      this.#hear(JSON.parse(message.data) as Frame);
    };
    socket.onclose = () => {
      if (this.#ended || this.#socket !== socket) return;
      this.#socket = null;
      this.link = "lost";
      this.#timer = setTimeout(this.#again, this.#pause);
      this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
    };
  }

  /** When there is reason to hope: a pause is over, the network is back, somebody looks at the page. */
  #again = (): void => {
    if (this.#ended || this.#socket) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    whoAmI().then(
      (me) => {
        if (this.#ended || this.#socket) return;
        if (me) this.#connect();
        else this.link = "logged-out";
      },
      () => {
        if (this.#ended || this.#socket) return;
        this.#timer = setTimeout(this.#again, this.#pause);
        this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
      },
    );
  };

  #hear(frame: Frame): void {
    this.#pause = FIRST_PAUSE;
    this.link = "live";
    this.#waiting.push(frame);
    if (this.#waiting.length > 1) return;
    // A page that nobody sees draws no pictures, but must not pile up what it is told.
    if (document.hidden) setTimeout(this.#learn, 1000);
    else requestAnimationFrame(this.#learn);
  }

  #learn = (): void => {
    for (const frame of this.#waiting) {
      learn(this, frame);
      if (frame.type === "state") this.told = true;
    }
    this.#waiting = [];
  };
}
