import { expect, test } from "vitest";

import { queryOf, seen, viewOf, withFilter } from "../src/domains/view";
import { domain } from "./words";

const DOMAINS = [
  domain("web10", { tags: ["production"], memory: 512 }),
  domain("web9", { tags: ["production", "ucs"], state: "paused" }),
  domain("mail", { state: "defined", kind: "pv", memory: 1024, started_at: null }),
];

function names(query: string): string[] {
  const usage = new Map([["uuid-web9", { cpu: 70, read: 0, written: 0, received: 0, sent: 0 }]]);
  return seen(DOMAINS, usage, viewOf(new URLSearchParams(query))).map((each) => each.name);
}

test.each([
  ["", ["mail", "web9", "web10"]],
  ["q=web", ["web9", "web10"]],
  ["q=WEB+ucs", ["web9"]],
  ["q=uuid-mail", ["mail"]],
  ["state=paused,stopped", ["mail", "web9"]],
  ["tag=production&state=!paused", ["web10"]],
  ["tag=!ucs", ["mail", "web10"]],
  ["kind=pv", ["mail"]],
  ["sort=-name", ["web10", "web9", "mail"]],
  ["sort=-memory", ["mail", "web10", "web9"]],
  ["sort=-cpu", ["web9", "mail", "web10"]],
  ["sort=state", ["web9", "web10", "mail"]],
  ["sort=nonsense&tag=none", []],
])("the query %s shows %j", (query, expected) => {
  expect(names(query)).toEqual(expected);
});

test("a view goes into the address and back, and what is usual is left out", () => {
  const query = "q=web&state=paused&tag=a%2Cb&sort=-cpu";
  expect(queryOf(viewOf(new URLSearchParams(query))).toString()).toBe(query);
  expect(queryOf(viewOf(new URLSearchParams("sort=name"))).toString()).toBe("");
  expect(queryOf(withFilter(viewOf(new URLSearchParams(query)), "tag", [])).get("tag")).toBeNull();
});
