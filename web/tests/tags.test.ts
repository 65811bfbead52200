import { expect, test } from "vitest";

import { changesOf, isTag, MOST_TAGS, overfull, type Share, sharesOf, tagCommands, writtenTags } from "../src/domains/tags";
import { domain } from "./words";

const wanted = (shares: Record<string, Share>): Map<string, Share> => new Map(Object.entries(shares));
const two = [domain("web01", { tags: ["web", "lab"] }), domain("web02", { tags: ["web"] })];

test.each(["web", "Web-1.a_b", "1", "a".repeat(64)])("%s may be a tag", (text) => void expect(isTag(text)).toBe(true));
test.each(["", "a b", "ü", "a,b", "a'b", "a".repeat(65), "a\n"])("%j may not", (text) => void expect(isTag(text)).toBe(false));

test("of several domains, what all have and what some have", () => {
  expect([...sharesOf(two)]).toEqual([
    ["lab", "some"],
    ["web", "all"],
  ]);
});

test("only what is to be another is changed", () => {
  const add = (value: string) => ({ action: "add", key: "tags", value });
  const remove = (value: string) => ({ action: "remove", key: "tags", value });
  expect(changesOf(["web", "lab"], sharesOf(two))).toEqual([]);
  expect(changesOf(["web"], wanted({ web: "none", lab: "all", other: "some", gone: "none" }))).toEqual([remove("web"), add("lab")]);
  expect(changesOf(["web", "web"], wanted({ web: "none" }))).toEqual([remove("web"), remove("web")]);
});

test("what stands in a file is a list or one word", () => {
  expect(writtenTags(["web", "lab"])).toEqual(["web", "lab"]);
  expect(writtenTags("web")).toEqual(["web"]);
  for (const nothing of [undefined, "", [], 7, {}]) expect(writtenTags(nothing)).toEqual([]);
});

test("more tags than a domain may have are seen before", () => {
  const many = domain("many", { tags: Array.from({ length: MOST_TAGS }, (_, number) => `t${number}`) });
  expect(overfull([many, ...two], wanted({ new: "all" }))).toEqual([many]);
  expect(overfull([many], wanted({ new: "all", t0: "none" }))).toEqual([]);
});

test("the same in a shell", () => {
  expect(tagCommands([domain("a b", { tags: ["old"] }), ...two], wanted({ web: "all", old: "none" }))).toEqual([
    "xm config remove 'a b' tags old",
    "xm config add 'a b' tags web",
  ]);
});
