/** Which domains are shown, and in which order: kept in the query of the page's address. */

import type { DomainRow } from "../api/words";
import type { Usage } from "../live/usage";
import { type Column, columnsOf, saidColumns } from "./columns";
import { conditionOf } from "./condition";

export const SORTS = ["name", "state", "cpu", "memory", "disk", "network", "up"] as const;
export type Sort = (typeof SORTS)[number];

/** What may be chosen by: each of a kind is one of several, all kinds must hold; `!` before a value excludes it. */
export const KINDS = ["state", "tag", "kind"] as const;
export type FilterKind = (typeof KINDS)[number];

export interface View {
  /** Words, of which each must be somewhere in the name, the UUID, a tag or the state. */
  readonly search: string;
  readonly filters: Readonly<Record<FilterKind, readonly string[]>>;
  readonly sort: Sort;
  readonly descending: boolean;
  readonly columns: readonly Column[];
}

export function viewOf(query: URLSearchParams): View {
  const sort = query.get("sort") ?? "";
  const descending = sort.startsWith("-");
  const name = SORTS.find((each) => each === sort.replace(/^-/, ""));
  const chosen = (kind: FilterKind): string[] => (query.get(kind) ?? "").split(",").filter(Boolean);
  return {
    search: query.get("q") ?? "",
    filters: { state: chosen("state"), tag: chosen("tag"), kind: chosen("kind") },
    sort: name ?? "name",
    descending: name !== undefined && descending,
    columns: columnsOf(query),
  };
}

/** The query that stands for `view`; what is usual is left out. */
export function queryOf(view: View): URLSearchParams {
  const query = new URLSearchParams();
  if (view.search) query.set("q", view.search);
  for (const kind of KINDS) if (view.filters[kind].length) query.set(kind, view.filters[kind].join(","));
  const sort = (view.descending ? "-" : "") + view.sort;
  if (sort !== "name") query.set("sort", sort);
  const columns = saidColumns(view.columns);
  if (columns !== null) query.set("columns", columns);
  return query;
}

export function withFilter(view: View, kind: FilterKind, values: readonly string[]): View {
  return { ...view, filters: { ...view.filters, [kind]: values } };
}

/** The domains that `view` shows, sorted. */
export function seen(domains: Iterable<DomainRow>, usage: ReadonlyMap<string, Usage>, view: View): DomainRow[] {
  const words = view.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...domains].filter((each) => matches(each, view, words));
  const key = keyOf(view.sort, usage);
  const sign = view.descending ? -1 : 1;
  const nameSign = view.sort === "name" ? sign : 1;
  return found.sort((one, other) => sign * compare(key(one), key(other)) || nameSign * byName(one, other));
}

function matches(domain: DomainRow, view: View, words: readonly string[]): boolean {
  const condition = conditionOf(domain);
  const text = `${domain.name} ${domain.uuid} ${domain.tags.join(" ")} ${condition} ${domain.kind}`.toLowerCase();
  return (
    words.every((word) => text.includes(word)) &&
    holds(view.filters.state, [condition]) &&
    holds(view.filters.tag, domain.tags) &&
    holds(view.filters.kind, [domain.kind])
  );
}

function holds(wanted: readonly string[], values: readonly string[]): boolean {
  const excluded = wanted.filter((each) => each.startsWith("!")).map((each) => each.slice(1));
  const asked = wanted.filter((each) => !each.startsWith("!"));
  if (excluded.some((each) => values.includes(each))) return false;
  return asked.length === 0 || asked.some((each) => values.includes(each));
}

type Key = (domain: DomainRow) => string | number;

function keyOf(sort: Sort, usage: ReadonlyMap<string, Usage>): Key {
  const used = (domain: DomainRow, of: (usage: Usage) => number): number => {
    const found = usage.get(domain.uuid);
    return found ? of(found) : -1;
  };
  const keys: Record<Sort, Key> = {
    name: () => 0,
    state: conditionOf,
    cpu: (domain) => used(domain, (each) => each.cpu),
    memory: (domain) => domain.memory,
    disk: (domain) => used(domain, (each) => each.read + each.written),
    network: (domain) => used(domain, (each) => each.received + each.sent),
    up: (domain) => -(domain.started_at ?? Infinity),
  };
  return keys[sort];
}

function compare(one: string | number, other: string | number): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

const collator = new Intl.Collator("en", { numeric: true });

function byName(one: DomainRow, other: DomainRow): number {
  return collator.compare(one.name, other.name);
}
