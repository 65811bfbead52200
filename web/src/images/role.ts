/** Who may make images. */

import type { Caller, Reason } from "../api/words";
import { t } from "../text/language.svelte";

/** Why `me` may not; null for who may. */
export function reasonAgainstImages(me: Caller): Reason | null {
  if (me.role === "operator" || me.role === "administrator") return null;
  return { message: t("upload.role"), hint: t("new.role.yours", { role: me.role }) };
}
