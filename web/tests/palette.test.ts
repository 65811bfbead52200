import { expect, test } from "vitest";

import { entriesFor } from "../src/domains/palette";
import { EVERYWHERE } from "../src/parts/places";
import { caller, domain, operation } from "./words";

const SAYS = { place: (name: string) => name, action: (name: string) => name };
const TABLE = new Map([
  ["pause", operation("pause", { refused: { paused: { message: "cannot pause domain '{name}': it is paused", hint: "" } } })],
  ["destroy", operation("destroy", { role: "administrator" })],
]);
const DOMAINS = [domain("web10"), domain("web9"), domain("myweb"), domain("mail", { state: "paused" })];

function found(search: string): string[] {
  return entriesFor(search, DOMAINS, caller("operator"), TABLE, SAYS).map((each) => each.label);
}

test("before somebody searches there are screens and domains, and no actions", () => {
  expect(found(" ")).toEqual([...EVERYWHERE.map((each) => each.name), "mail", "myweb", "web9", "web10"]);
});

test("what begins with what is searched goes first, and all words count", () => {
  expect(found("WEB").slice(0, 3)).toEqual(["web9", "web10", "myweb"]);
  expect(found("pause 9")).toEqual(["pause: web9"]);
  expect(found("9 pause")).toEqual(["pause: web9"]);
  expect(found("nothing")).toEqual([]);
});

test("what is not possible is there, with the reason", () => {
  const reasons = entriesFor("web9", DOMAINS, caller("operator"), TABLE, SAYS).map((each) => [each.label, each.reason?.message]);
  expect(reasons).toContainEqual(["pause: web9", undefined]);
  expect(reasons).toContainEqual(["destroy: web9", "destroy needs the role administrator"]);
});

test("of many there are twenty", () => {
  const many = Array.from({ length: 1000 }, (_, number) => domain(`guest${number}`));
  expect(entriesFor("guest", many, caller("operator"), TABLE, SAYS)).toHaveLength(20);
});
