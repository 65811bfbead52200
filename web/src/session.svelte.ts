/** Who is logged in, what they may do here, and the host as it is: what all screens share. */

import { ask, whoAmI } from "./api/client";
import { logOut } from "./api/login";
import type { Caller, OperationRow } from "./api/words";
import { Live } from "./live/live.svelte";

export class Session {
  readonly me: Caller;
  readonly live = new Live();
  /** /v1/operations, by name. */
  operations = $state.raw<ReadonlyMap<string, OperationRow>>(new Map());

  private constructor(me: Caller) {
    this.me = me;
  }

  /** The session of who is logged in; null where nobody is. Throws Problem. */
  static async begin(): Promise<Session | null> {
    const asked = ask<{ operations: OperationRow[] }>("GET", "/operations"); // meanwhile
    asked.catch(() => undefined);
    const me = await whoAmI();
    if (!me) return null;
    const session = new Session(me);
    session.live.open(me.token);
    try {
      const { operations } = await asked;
      session.operations = new Map(operations.map((each) => [each.name, each]));
    } catch (error) {
      session.live.close();
      throw error;
    }
    return session;
  }

  /** Logs out, in all tabs. */
  async end(): Promise<void> {
    try {
      await logOut();
      this.live.end();
    } finally {
      this.live.close();
    }
  }
}
