import { expect, test } from "vitest";

import { offered, reasonAgainst, reasonAgainstChange, roleOn } from "../src/domains/actions";
import { DOMAIN_0 } from "../src/domains/condition";
import { caller, domain, operation } from "./words";

const TABLE = new Map([
  ["pause", operation("pause", { refused: { defined: { message: "cannot pause domain '{name}': it is not running", hint: "xm create {file}" } } })],
  ["suspend", operation("suspend", { role: "administrator" })],
  ["reset", operation("reset", { unable: { message: "the engine cannot", hint: "" } })],
]);

test("what is not possible has the reason of the table, with the domain's own name and file", () => {
  const off = domain("web", { state: "defined" });
  expect(reasonAgainst("pause", off, caller("operator"), TABLE)).toEqual({
    message: "cannot pause domain 'web': it is not running",
    hint: "xm create /etc/xen/web.cfg",
  });
  expect(reasonAgainst("pause", domain("web"), caller("operator"), TABLE)).toBeNull();
  expect(reasonAgainst("reset", domain("web"), caller("operator"), TABLE)?.message).toBe("the engine cannot");
  expect(reasonAgainst("pause", domain("Domain-0", { uuid: DOMAIN_0 }), caller("administrator"), TABLE)?.message).toContain("Domain-0");
});

test("who has not the role is told which it takes", () => {
  expect(reasonAgainst("suspend", domain("web"), caller("operator"), TABLE)?.message).toBe("suspend needs the role administrator");
  expect(reasonAgainst("pause", domain("web"), caller("viewer"), TABLE)?.hint).toBe("yours here is viewer");
});

test("grants count for the domain and the tag that they name", () => {
  const me = caller("none", ["operator web", "viewer tag:lab", "administrator test-?.*"]);
  expect(roleOn(domain("web"), me)).toBe("operator");
  expect(roleOn(domain("other", { tags: ["lab"] }), me)).toBe("viewer");
  expect(roleOn(domain("other"), me)).toBe("none");
  expect(roleOn(domain("test-1.a"), me)).toBe("administrator");
  expect(roleOn(domain("test-1xa"), me)).toBe("none");
  expect(roleOn(domain("Domain-0", { uuid: DOMAIN_0 }), caller("none", ["operator *"]))).toBe("none");
});

test("of two ways the one that leads on is offered", () => {
  const named = (more: object): string[] => offered(domain("web", more)).map((each) => each.name);
  expect(named({ state: "defined" })).toContain("create");
  expect(named({ state: "defined" })).not.toContain("resume");
  expect(named({ state: "defined", suspended: true })).toEqual(expect.arrayContaining(["resume"]));
  expect(named({ state: "defined", suspended: true })).not.toContain("create");
  expect(named({ state: "paused" })).toContain("unpause");
  expect(named({ state: "paused" })).not.toContain("pause");
  expect(named({})).not.toContain("create");
});

test("what does not run is changed in its guest file, by administrators of the host", () => {
  const off = domain("web", { state: "defined" });
  expect(reasonAgainstChange("pause", off, caller("administrator"), TABLE)).toBeNull();
  expect(reasonAgainstChange("pause", off, caller("operator", ["administrator web"]), TABLE)?.hint).toBe("your role there is operator");
  expect(reasonAgainstChange("pause", domain("web"), caller("operator"), TABLE)).toBeNull();
  expect(reasonAgainstChange("suspend", domain("web"), caller("operator"), TABLE)?.message).toContain("administrator");
});
