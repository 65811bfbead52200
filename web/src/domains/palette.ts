/** What the command palette offers: screens, domains, and what may be done with them. */

import type { Caller, DomainRow, OperationRow, Reason } from "../api/words";
import { EVERYWHERE, type Place } from "../parts/places";
import { type Action, offered, reasonAgainst } from "./actions";

export type Entry = { readonly label: string; readonly icon: string; readonly reason: Reason | null } & (
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "domain"; readonly domain: DomainRow }
  | { readonly kind: "action"; readonly domain: DomainRow; readonly action: Action }
);

/** The words of the page for a place and an action. */
export interface Says {
  place(name: Place["name"]): string;
  action(name: Action["name"]): string;
}

const MOST = 20;

/** Those whose label has all words of `search`: screens first, then domains, then actions, of which none is there before
 * somebody searches. What begins with what is searched goes before others of its kind. At most twenty. */
export function entriesFor(
  search: string,
  domains: Iterable<DomainRow>,
  me: Caller,
  table: ReadonlyMap<string, OperationRow>,
  says: Says,
): Entry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const sorted = [...domains].sort((one, other) => collator.compare(one.name, other.name));
  const places = EVERYWHERE.map((place): Entry => {
    return { kind: "place", label: says.place(place.name), icon: place.icon, reason: null, place };
  });
  const named = sorted.map((domain): Entry => ({ kind: "domain", label: domain.name, icon: "domain", reason: null, domain }));
  const found = [...best(places, words), ...best(named, words)].slice(0, MOST);
  if (!words.length || found.length === MOST) return found;
  const actions = sorted.flatMap((domain) =>
    offered(domain).map((action): Entry => {
      const label = `${says.action(action.name)}: ${domain.name}`;
      return { kind: "action", label, icon: action.icon, reason: reasonAgainst(action.name, domain, me, table), domain, action };
    }),
  );
  return [...found, ...best(actions, words)].slice(0, MOST);
}

const collator = new Intl.Collator("en", { numeric: true });

function best(entries: readonly Entry[], words: readonly string[]): Entry[] {
  const found = entries.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
  const first = (entry: Entry): boolean => entry.label.toLowerCase().startsWith(words[0] ?? "");
  return [...found.filter(first), ...found.filter((entry) => !first(entry))];
}
