/** An xm that has sent this browser here and waits for a login (RFC 8252). Anybody may have written the address: it is
 * nothing but what must be in it, and leads to no other machine than this one. */

export interface Waiting {
  /** What a code is to be for: a digest of what xm keeps to itself. */
  readonly challenge: string;
  readonly state: string;
  /** Where it listens on this machine; null where somebody is to type the code. */
  readonly port: number | null;
}

/** The xm that `query` is of; null where it is none's. */
export function waitingOf(query: URLSearchParams): Waiting | null {
  const challenge = query.get("challenge") ?? "";
  const state = query.get("state") ?? "";
  const port = query.get("port") ?? "";
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge) || !/^[A-Za-z0-9_-]{16,64}$/.test(state)) return null;
  if (!port) return { challenge, state, port: null };
  return /^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535 ? { challenge, state, port: Number(port) } : null;
}

/** Where this browser gives it `said`. */
export function answerTo(waiting: Waiting, said: Readonly<Record<string, string>>): string {
  return `http://127.0.0.1:${waiting.port}/?${new URLSearchParams({ ...said, state: waiting.state })}`;
}

/** A few letters of the challenge, which xm shows as well. */
export async function lettersOf(challenge: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(challenge)));
  const letters = [...digest.slice(0, 3)].map((each) => each.toString(16).padStart(2, "0")).join("").toUpperCase();
  return `${letters.slice(0, 3)}-${letters.slice(3)}`;
}
