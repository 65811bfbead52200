/** What may be done with a domain from the page, and the reasons why not: those of the operations table. */

import type { Caller, DomainRow, OperationRow, Reason } from "../api/words";
import { DOMAIN_0 } from "./condition";

export interface Action {
  /** The name of the operation in the table, and the key of its words. */
  readonly name: "create" | "resume" | "shutdown" | "reboot" | "pause" | "unpause" | "suspend" | "destroy" | "reset";
  readonly icon: string;
  readonly route: string;
  readonly body: object;
  /** Whether it loses something, so that it is asked once more. */
  readonly loses: boolean;
}

const action = (name: Action["name"], icon: string, more: Partial<Action> = {}): Action => ({
  name,
  icon,
  route: name,
  body: {},
  loses: false,
  ...more,
});

export const ACTIONS: readonly Action[] = [
  action("create", "play", { route: "start" }),
  action("resume", "play"),
  action("shutdown", "power"),
  action("reboot", "reboot"),
  action("pause", "pause"),
  action("unpause", "play"),
  action("suspend", "save"),
  action("reset", "bolt", { loses: true }),
  action("destroy", "power", { loses: true }),
];

/** The actions to offer for a domain: of two that are each other's way back, the one that leads on. */
export function offered(domain: DomainRow): Action[] {
  const off = domain.state === "defined";
  const hidden = new Set<Action["name"]>([
    off && domain.suspended ? "create" : "resume",
    domain.state === "paused" ? "pause" : "unpause",
    ...(off ? [] : (["create"] as const)),
  ]);
  return ACTIONS.filter((each) => !hidden.has(each.name));
}

const RANKS: Record<string, number> = { none: 0, viewer: 1, operator: 2, administrator: 3 };

/** The role that somebody has on a domain: that on the host, or more where something was granted. */
export function roleOn(domain: DomainRow, me: Caller): string {
  const granted = me.grants
    .map((each) => each.split(" "))
    .filter(([, on]) => isOn(domain, on ?? ""))
    .map(([role]) => role ?? "none");
  return [me.role, ...granted].reduce((one, other) => ((RANKS[other] ?? 0) > (RANKS[one] ?? 0) ? other : one));
}

/** Whether a grant for `where` is on a domain: a name, in which * and ? stand for letters, or tag:TAG. */
function isOn(domain: DomainRow, where: string): boolean {
  if (domain.uuid === DOMAIN_0) return false;
  if (where.startsWith("tag:")) return domain.tags.includes(where.slice("tag:".length));
  const pattern = where.replace(/[.+]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^(?:${pattern})$`).test(domain.name);
}

/** Why `name` is not possible on `domain` for `me`; null where it is. `table` is /v1/operations. */
export function reasonAgainst(
  name: string,
  domain: DomainRow,
  me: Caller,
  table: ReadonlyMap<string, OperationRow>,
): Reason | null {
  const row = table.get(name);
  if (!row) return null; // it is not about the state of a domain: xend decides
  const role = roleOn(domain, me);
  if ((RANKS[role] ?? 0) < (RANKS[row.role] ?? 0)) {
    return { message: `${row.name} needs the role ${row.role}`, hint: `yours here is ${role}` };
  }
  if (domain.uuid === DOMAIN_0 && !row.domain_0) {
    return { message: `${row.name} is not possible for Domain-0: it is the host itself`, hint: "" };
  }
  const reason = row.unable ?? row.refused[domain.state] ?? null;
  return reason && { message: fill(reason.message, domain), hint: fill(reason.hint, domain) };
}

/** The same of a change that a domain which does not run gets in its guest file alone. */
export function reasonAgainstChange(
  name: string,
  domain: DomainRow,
  me: Caller,
  table: ReadonlyMap<string, OperationRow>,
): Reason | null {
  if (domain.state !== "defined") return reasonAgainst(name, domain, me, table);
  if (me.role === "administrator") return null;
  return { message: "guest files are changed by administrators of the whole host", hint: `your role there is ${me.role}` };
}

function fill(text: string, domain: DomainRow): string {
  return text.replaceAll("{name}", domain.name).replaceAll("{file}", domain.file || domain.name);
}
