import { expect, test } from "vitest";

import { type Column, drawn, leastWidth, saidColumns, USUAL, withColumn } from "../src/domains/columns";
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

test("the columns that are shown are in the address, but for the usual ones", () => {
  const columns = (query: string): readonly string[] => viewOf(new URLSearchParams(query)).columns;
  expect(columns("")).toEqual(USUAL);
  expect(columns("columns=memory,none,id,memory")).toEqual(["id", "memory"]);
  expect(columns("columns=")).toEqual([]);
  for (const query of ["columns=id%2Cmemory", "q=web&columns=", ""]) {
    expect(queryOf(viewOf(new URLSearchParams(query))).toString()).toBe(query);
  }
  const more = withColumn(USUAL, "vcpus");
  expect(more.indexOf("vcpus")).toBe(more.indexOf("kind") + 1);
  expect(saidColumns(withColumn(more, "vcpus"))).toBeNull();
});

test("phones are shown the same, whatever was chosen; a smaller window leaves out none that was", () => {
  const looks = (...columns: Column[]): Record<string, string> => Object.fromEntries(drawn(columns).map((each) => [each.name, each.look]));
  expect(looks("disk")).toEqual({
    state: "c-state onphones",
    cpu: "c-cpu onphones",
    memory: "c-memory onphones",
    disk: "c-disk num p2",
  });
  expect(looks(...USUAL)["disk"]).toBe("c-disk num p2 p3");
  expect(leastWidth(USUAL)).toBeNull();
  expect(leastWidth(["state", "file"])).toBeGreaterThan(leastWidth(["state"]) ?? 0);
});
