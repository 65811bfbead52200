/** The WebSocket /v1/stream of one login, opened again whenever it is lost; in a page as in a shared worker. */

import { socketAddress, whoAmI } from "../api/client";
import type { Frame } from "../api/words";

/** Seconds between two looks at what domains use. */
const PACE = 5;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** `left`: somebody has logged out, in this tab or another one. `logged-out`: the login has ended by itself. */
export type Link = "connecting" | "live" | "lost" | "logged-out" | "left";

export interface Listener {
  /** The run of xend, and the last event of it, that were heard; "" before the first. */
  readonly run: string;
  readonly sequence: number;
  hear(frame: Frame): void;
  tell(link: Link): void;
}

export class Stream {
  readonly #login: string;
  readonly #listener: Listener;
  #socket: WebSocket | null = null;
  #pause = FIRST_PAUSE;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** Opens it. `login` is the token of who listens, as /v1/me tells it: xend refuses a stream to any other. */
  constructor(login: string, listener: Listener) {
    this.#login = login;
    this.#listener = listener;
    addEventListener("online", this.again);
    this.#connect();
  }

  close(): void {
    this.#ended = true;
    removeEventListener("online", this.again);
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #connect(): void {
    const { run, sequence } = this.#listener;
    const from = run ? `&run=${run}&after=${sequence}` : "";
    const login = encodeURIComponent(this.#login);
    const socket = new WebSocket(socketAddress(`/stream?stats=${PACE}&login=${login}${from}`));
    this.#socket = socket;
    socket.onmessage = (message: MessageEvent<string>) => {
      if (this.#ended) return;
      this.#pause = FIRST_PAUSE;
      this.#listener.hear(JSON.parse(message.data) as Frame);
    };
    socket.onclose = () => {
      if (this.#ended) return;
      this.#socket = null;
      this.#listener.tell("lost");
      this.#later();
    };
  }

  /** To be called when there is reason to hope: a pause is over, the network is back, somebody looks at the page. */
  again = (): void => {
    if (this.#ended || this.#socket) return;
    clearTimeout(this.#timer);
    whoAmI().then(
      (me) => {
        if (this.#ended || this.#socket) return;
        if (me?.token === this.#login) this.#connect();
        else this.#listener.tell("logged-out");
      },
      () => {
        if (!this.#ended && !this.#socket) this.#later();
      },
    );
  };

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.again, this.#pause);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }
}
