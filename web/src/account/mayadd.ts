/** Whether a security key can be added here. */

import { knowsKeys } from "../api/securitykey";
import type { Reason, SecurityKeyList } from "../api/words";
import { t } from "../text/language.svelte";

/** Why it cannot, in this browser at `here` (an origin); null where it can. */
export function reasonAgainstKey(told: SecurityKeyList, here = location.origin, known = knowsKeys()): Reason | null {
  if (told.refused) return told.refused;
  if (told.origin !== here) {
    return { message: t("securitykey.elsewhere", { there: told.origin, here }), hint: t("securitykey.elsewhere.next") };
  }
  if (!known) return { message: t("securitykey.unknown"), hint: t("securitykey.unknown.next") };
  return null;
}
