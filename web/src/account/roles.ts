/** Roles, and the most that somebody has anywhere. */

import type { Caller } from "../api/words";

export const ROLES = ["viewer", "operator", "administrator"] as const;
export type Role = (typeof ROLES)[number];

/** Those that `me` may give to a token, the least first: none above what they have somewhere. */
export function rolesFor(me: Caller): readonly Role[] {
  const own = [me.role, ...me.grants.map((each) => each.split(" ")[0] ?? "")];
  const most = Math.max(...own.map((each) => ROLES.indexOf(each as Role)));
  return ROLES.slice(0, most + 1);
}
