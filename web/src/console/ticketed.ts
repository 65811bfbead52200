/** The WebSocket that IronRDP opens by itself, and says nothing of: with a ticket, and heard when it ends. */

export interface Ending {
  readonly code: number;
  readonly reason: string;
}

interface Expected {
  readonly protocols: readonly string[];
  readonly follow: boolean;
  readonly opened: (socket: Ticketed) => void;
}

/** The Client Core Data of RDP ([MS-RDPBCGR] 2.2.1.3.2): how it begins, the version of RDP in it, and where the build of
 * the client stands. */
const CORE = [0x01, 0xc0];
const VERSION = [0x08, 0x00];
const VERSION_AT = 6;
const BUILD_AT = 20;
const BUILD = 2600;

/** xrdp tells a client that a screen has another size only from build 420 on, and IronRDP has the number of its own
 * version. Says whether these were the data. */
export function tellBuild(data: Uint8Array): boolean {
  const has = (bytes: readonly number[], at: number): boolean => bytes.every((byte, index) => data[at + index] === byte);
  for (let at = 0; at + BUILD_AT + 4 <= data.length; at++) {
    if (!has(CORE, at) || !has(VERSION, at + VERSION_AT)) continue;
    new DataView(data.buffer, data.byteOffset).setUint32(at + BUILD_AT, BUILD, true);
    return true;
  }
  return false;
}

const expected = new Map<string, Expected>();

class Ticketed extends WebSocket {
  #begun = false;
  readonly #kept: boolean;

  constructor(address: string | URL, protocols?: string | string[]) {
    const found = expected.get(String(address));
    super(address, found ? [...found.protocols] : protocols);
    expected.delete(String(address));
    this.#begun = !found?.follow;
    this.#kept = found !== undefined;
    found?.opened(this);
  }

  override send(data: Parameters<WebSocket["send"]>[0]): void {
    if (this.#begun || !(data instanceof Blob)) super.send(data);
    else void this.#begin(data);
  }

  /** IronRDP closes it as soon as it has read of an error, before xend can say why. */
  override close(code?: number, reason?: string): void {
    if (!this.#kept) super.close(code, reason);
  }

  leave(): void {
    super.close();
  }

  /** Until the server knows with whom it speaks, each has one thing to say and waits for the other. */
  async #begin(data: Blob): Promise<void> {
    const bytes = new Uint8Array(await data.arrayBuffer());
    this.#begun = tellBuild(bytes);
    super.send(bytes);
  }
}

/** The next WebSocket to `address` is opened with `protocols`, and with `follow` its server is told so that it says when
 * the size is another one. `ended` is called once it is closed; what is returned closes it, or has it never be opened so. */
export function expectSocket(
  address: string,
  protocols: readonly string[],
  follow: boolean,
  ended: (ending: Ending) => void,
): () => void {
  globalThis.WebSocket = Ticketed;
  let socket: Ticketed | undefined;
  expected.set(address, {
    protocols,
    follow,
    opened: (opened) => {
      socket = opened;
      opened.addEventListener("close", ({ code, reason, isTrusted }) => {
        if (isTrusted) ended({ code, reason }); // IronRDP makes such events itself
      });
    },
  });
  return () => {
    expected.delete(address);
    socket?.leave();
  };
}
