/** A session of RDP, which IronRDP draws on a canvas. */

import { Backend, displayControl, enableCredssp, init } from "@devolutions/iron-remote-desktop-rdp";

import { socketAddress, ticketFor } from "../api/client";
import { type Ending, expectSocket } from "./ticketed";

type Session = Awaited<ReturnType<InstanceType<typeof Backend.SessionBuilder>["connect"]>>;
type DeviceEvent = Parameters<InstanceType<typeof Backend.InputTransaction>["addEvent"]>[0];
type ClipboardData = InstanceType<typeof Backend.ClipboardData>;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Who somebody is to a server in the guest. It is kept nowhere but in memory. */
export interface Login {
  readonly user: string;
  readonly password: string;
  readonly domain: string;
}

/** What answers: the screen as the host shows it (rdp = 1), which takes anybody whom xend lets in, or a server in the
 * guest. */
export type Of = "screen" | "guest";

/** The code with which the WebSocket is closed where no desktop answers; the reason says why. */
export const UNREACHED = 4002;
/** And where the session or the guest is over. */
export const GONE = 4000;

/** In one word, for IronRDP cannot say that no form is wanted (enable_token_login of xrdp.ini(5)). */
const ANYBODY: Login = { user: "xenia\u001fxenia", password: "", domain: "" };

/** The kinds of IronRDP's errors. */
const [WRONG_PASSWORD, LOGON_FAILURE, ACCESS_DENIED, NEGOTIATION] = [1, 2, 3, 6];

/** How a session has ended: `refused` by the login, `unreached`, `unfit` where both found no way of speaking to each
 * other, `over` where the guest has ended it, `lost`, or `resized`: the screen has another size by now, which xrdp (0.9)
 * says in fewer bytes than IronRDP reads, so that it is begun with anew. */
export interface End {
  readonly how: "refused" | "unreached" | "unfit" | "over" | "lost" | "resized";
  readonly why: string;
}

/** One after which somebody has to do something. */
export interface Refusal extends End {
  readonly how: Exclude<End["how"], "over" | "resized">;
}

export interface Hears {
  readonly begun: () => void;
  readonly ended: (end: End) => void;
  /** Text that was copied in the guest. */
  readonly copied: (text: string) => void;
}

let ready: Promise<void> | undefined;

export class Desktop {
  readonly #canvas: HTMLCanvasElement;
  readonly #hears: Hears;
  #session: Session | undefined;
  #close = (): void => undefined;
  #ending: Ending | undefined;
  #over = false;

  constructor(canvas: HTMLCanvasElement, hears: Hears) {
    this.#canvas = canvas;
    this.#hears = hears;
  }

  /** Until it has ended. `size` is what is asked for, in pixels. A screen has its own, and the session ends when it has
   * another one where that is to be told (`follow`). */
  async show(uuid: string, of: Of, login: Login | null, size: Size, follow: boolean): Promise<void> {
    let running = false;
    let hear = (): void => undefined;
    const closed = new Promise<void>((resolve) => (hear = resolve));
    try {
      await (ready ??= init("ERROR"));
      const protocols = await ticketFor(uuid, "rdp");
      if (this.#over) return;
      const address = socketAddress(`/domains/${uuid}/rdp?of=${of}`);
      this.#close = expectSocket(address, protocols, follow, (ending) => {
        this.#ending = ending;
        hear();
      });
      const session = await Promise.race([this.#connect(address, of, login ?? ANYBODY, size), closed]);
      if (!session) throw new Error();
      this.#session = session;
      if (this.#over) return this.end();
      this.#hears.begun();
      running = true;
      await Promise.race([session.run(), closed]);
      await soon(closed);
      this.#tell({ how: "over", why: "" });
    } catch (error) {
      const end = endOf(error);
      await soon(closed);
      this.#tell(running && follow && !this.#ending ? { how: "resized", why: end.why } : end);
    } finally {
      this.#session = undefined;
      this.#close();
    }
  }

  /** End it, now or as soon as it has begun. Nothing is told of it any more. */
  end(): void {
    this.#over = true;
    try {
      this.#session?.shutdown();
    } catch {
      // it has ended by itself
    }
    this.#close();
  }

  press(scancode: number, down: boolean): void {
    this.#send(down ? Backend.DeviceEvent.keyPressed(scancode) : Backend.DeviceEvent.keyReleased(scancode));
  }

  /** Of the desktop, in its own pixels. */
  point(x: number, y: number): void {
    this.#send(Backend.DeviceEvent.mouseMove(x, y));
  }

  /** As MouseEvent.button. */
  button(button: number, down: boolean): void {
    const { mouseButtonPressed, mouseButtonReleased } = Backend.DeviceEvent;
    this.#send((down ? mouseButtonPressed : mouseButtonReleased)(button));
  }

  turn(event: WheelEvent): void {
    const vertical = event.deltaY !== 0;
    const unit = event.deltaMode as Parameters<typeof Backend.DeviceEvent.wheelRotations>[2]; // the same numbers
    this.#send(Backend.DeviceEvent.wheelRotations(vertical, -(vertical ? event.deltaY : event.deltaX), unit));
  }

  /** Which locks are on here. */
  lock(event: MouseEvent): void {
    const [scroll, num, caps, kana] = ["ScrollLock", "NumLock", "CapsLock", "KanaMode"].map((each) => event.getModifierState(each));
    this.#session?.synchronizeLockKeys(Boolean(scroll), Boolean(num), Boolean(caps), Boolean(kana));
  }

  release(): void {
    this.#session?.releaseAllInputs();
  }

  /** Ask for another size; a server that knows of no such thing keeps its own. */
  resize(width: number, height: number): void {
    this.#session?.resize(width, height);
  }

  /** What is pasted in the guest from now on. */
  async give(text: string): Promise<void> {
    await this.#session?.onClipboardPaste(clipboardOf(text));
  }

  #connect(address: string, of: Of, login: Login, size: Size): Promise<Session> {
    const builder = new Backend.SessionBuilder()
      .proxyAddress(address)
      .authToken("-") // the ticket is the WebSocket's
      .destination("guest:3389") // xend knows where it is
      .username(login.user)
      .password(login.password)
      .serverDomain(login.domain)
      .desktopSize(new Backend.DesktopSize(size.width, size.height))
      .renderCanvas(this.#canvas)
      .setCursorStyleCallbackContext(this)
      .setCursorStyleCallback(this.#cursor)
      .extension(enableCredssp(of === "guest"))
      .extension(displayControl(of === "guest"));
    if (of === "screen") return builder.connect();
    return builder
      .forceClipboardUpdateCallback(() => void this.#session?.onClipboardPaste(new Backend.ClipboardData()))
      .remoteClipboardChangedCallback((data: ClipboardData) => this.#hears.copied(textOf(data)))
      .connect();
  }

  #cursor = (kind: string, picture?: string, x = 0, y = 0): void => {
    const own = kind === "url" && picture ? `url(${picture}) ${Math.round(x)} ${Math.round(y)}, default` : "default";
    this.#canvas.style.cursor = kind === "hidden" ? "none" : own;
  };

  #send(event: DeviceEvent): void {
    if (!this.#session) return;
    const transaction = new Backend.InputTransaction();
    transaction.addEvent(event);
    this.#session.applyInputs(transaction);
  }

  #tell(end: End): void {
    if (this.#over) return;
    this.#over = true;
    const { code, reason } = this.#ending ?? { code: 0, reason: "" };
    if (code === UNREACHED) this.#hears.ended({ how: "unreached", why: reason });
    else if (code === GONE && end.how !== "refused") this.#hears.ended({ how: "over", why: reason });
    else if (code > 0 && end.how === "over") this.#hears.ended({ how: "lost", why: reason });
    else this.#hears.ended({ how: end.how, why: reason || end.why });
  }
}

/** Milliseconds in which xend says why a session has ended, if it was xend. */
const FAREWELL = 500;

function soon(closed: Promise<void>): Promise<void> {
  return Promise.race([closed, new Promise<void>((resolve) => setTimeout(resolve, FAREWELL))]);
}

function endOf(error: unknown): End {
  const told = error as { kind?: () => number; backtrace?: () => string };
  if (typeof told.kind !== "function") return { how: "lost", why: error instanceof Error ? error.message : String(error) };
  const [kind, why] = [told.kind(), told.backtrace?.().split("\n")[0] ?? ""];
  if (kind === WRONG_PASSWORD || kind === LOGON_FAILURE || kind === ACCESS_DENIED) return { how: "refused", why };
  return { how: kind === NEGOTIATION ? "unfit" : "lost", why };
}

function clipboardOf(text: string): ClipboardData {
  const data = new Backend.ClipboardData();
  data.addText("text/plain", text);
  return data;
}

function textOf(data: ClipboardData): string {
  const item = data.items().find((each) => each.mimeType() === "text/plain");
  const value: unknown = item?.value();
  return typeof value === "string" ? value : "";
}
