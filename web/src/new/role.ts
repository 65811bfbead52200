/** Who may make domains and give them tags: guest files are written by administrators of the whole host alone. */

import type { Caller, DomainRow, Reason } from "../api/words";
import { t } from "../text/language.svelte";

/** Why `me` may not; null for who may. */
export function reasonAgainstNew(me: Caller): Reason | null {
  if (me.role === "administrator") return null;
  return { message: t("new.role"), hint: t("new.role.yours", { role: me.role }) };
}

/** Why `me` may not change the tags of `domains`, of which some have a guest file. */
export function reasonAgainstTags(me: Caller, domains: readonly DomainRow[]): Reason | null {
  if (me.role !== "administrator") return { message: t("tags.role"), hint: t("new.role.yours", { role: me.role }) };
  if (domains.some((each) => each.file)) return null;
  return { message: t("tags.nofile"), hint: t("tags.nofile.why") };
}
