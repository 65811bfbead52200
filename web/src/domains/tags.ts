/** Tags of one or of many domains: which are to be there, and what that changes in each guest file. */

import type { DomainRow } from "../api/words";
import { word } from "../new/commands";

/** How many of the domains have a tag, or are to: `some` leaves each as it is. */
export type Share = "all" | "some" | "none";
export type Shares = ReadonlyMap<string, Share>;

export interface TagChange {
  readonly action: "add" | "remove";
  readonly key: "tags";
  readonly value: string;
}

/** As xend has it (guest-files.md). */
export const MOST_TAGS = 32;

export function isTag(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(text);
}

/** The tags that any of them has, sorted. */
export function usedTags(domains: readonly DomainRow[]): string[] {
  return [...new Set(domains.flatMap((each) => each.tags))].sort();
}

export function sharesOf(domains: readonly DomainRow[]): Map<string, Share> {
  return new Map(usedTags(domains).map((tag) => [tag, domains.every((each) => each.tags.includes(tag)) ? "all" : "some"]));
}

/** What makes `tags`, which stand in one guest file, as `shares` wants it. */
export function changesOf(tags: readonly string[], shares: Shares): TagChange[] {
  const of = (share: Share): string[] => [...shares].filter(([, each]) => each === share).map(([tag]) => tag);
  const change = (action: TagChange["action"]) => (value: string): TagChange => ({ action, key: "tags", value });
  return [
    // each time that it is there: a list may have one twice
    ...of("none").flatMap((tag) => tags.filter((each) => each === tag)).map(change("remove")),
    ...of("all").filter((tag) => !tags.includes(tag)).map(change("add")),
  ];
}

/** The tags as they stand in a guest file: a list of words, or one alone. */
export function writtenTags(value: unknown): string[] {
  if (typeof value === "string") return value ? [value] : [];
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** Those that would have too many. */
export function overfull(domains: readonly DomainRow[], shares: Shares): DomainRow[] {
  return domains.filter((each) => {
    const steps = changesOf(each.tags, shares).map(({ action }) => (action === "add" ? 1 : -1));
    return steps.reduce((count, step) => count + step, each.tags.length) > MOST_TAGS;
  });
}

/** The same in a shell. */
export function tagCommands(domains: readonly DomainRow[], shares: Shares): string[] {
  return domains.flatMap((domain) =>
    changesOf(domain.tags, shares).map(({ action, value }) => `xm config ${action} ${word(domain.name)} tags ${value}`),
  );
}
