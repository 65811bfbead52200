/** Who may make domains: guest files are written by administrators of the whole host alone. */

import type { Caller, Reason } from "../api/words";
import { t } from "../text/language.svelte";

/** Why `me` may not; null for who may. */
export function reasonAgainstNew(me: Caller): Reason | null {
  if (me.role === "administrator") return null;
  return { message: t("new.role"), hint: t("new.role.yours", { role: me.role }) };
}
