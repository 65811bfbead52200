import { expect, test, vi } from "vitest";

import { thisBrowser } from "../src/account/browser";
import { reasonAgainstKey } from "../src/account/mayadd";
import { rolesFor } from "../src/account/roles";
import { answerTo, lettersOf, waitingOf } from "../src/account/waiting";
import type { SecurityKeyList } from "../src/api/words";
import { caller } from "./words";

/** Outside a browser there is no language: the keys are told. */
vi.mock("../src/text/language.svelte", () => ({ t: (key: string) => key }));

const HERE = "https://alpha:8006";
const TOLD: SecurityKeyList = { security_keys: [], policy: "optional", origin: HERE, refused: null };

test("a token gets no role above what somebody has anywhere", () => {
  expect(rolesFor(caller("viewer"))).toEqual(["viewer"]);
  expect(rolesFor(caller("administrator"))).toEqual(["viewer", "operator", "administrator"]);
  expect(rolesFor(caller("none", ["viewer *", "operator tag:web"]))).toEqual(["viewer", "operator"]);
  expect(rolesFor(caller("none"))).toEqual([]);
});

test("a key is added at the place that keys are made for, where xend and the browser let it", () => {
  expect(reasonAgainstKey(TOLD, HERE, true)).toBeNull();
  expect(reasonAgainstKey(TOLD, "https://192.0.2.7:8006", true)?.message).toBe("securitykey.elsewhere");
  expect(reasonAgainstKey(TOLD, HERE, false)?.message).toBe("securitykey.unknown");
  const refused = { message: "security keys are not asked for here", hint: "" };
  expect(reasonAgainstKey({ ...TOLD, refused }, "https://other", false)).toEqual(refused);
});

test("a login is shown as the browser that it is of", () => {
  const firefox = { userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0" };
  const safari = { userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1" };
  const edge = { userAgent: "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0" };
  const hints = { userAgent: "", userAgentData: { brands: [{ brand: "Chromium" }, { brand: "Not_A Brand" }], platform: "Linux" } };
  expect([firefox, safari, edge, hints, { userAgent: "x" }].map(thisBrowser)).toEqual([
    "Firefox on Linux",
    "Safari on iPhone",
    "Edge on Windows",
    "Chromium on Linux",
    "a browser",
  ]);
});

const CHALLENGE = "a".repeat(43);
const STATE = "s".repeat(22);

test.each([
  ["", true],
  ["&port=40123", true],
  ["&port=0", false],
  ["&port=65536", false],
  ["&port=80@evil.example", false],
  ["&port=1e3", false],
])("an address of xm ends in %j", (end, whole) => {
  expect(waitingOf(new URLSearchParams(`challenge=${CHALLENGE}&state=${STATE}${end}`)) !== null).toBe(whole);
});

test("what is not whole is no address of xm", () => {
  for (const query of ["", `challenge=${CHALLENGE}`, `state=${STATE}`, `challenge=${CHALLENGE}x&state=${STATE}`, `challenge=${CHALLENGE}&state=a/b`])
    expect(waitingOf(new URLSearchParams(query))).toBeNull();
});

test("a browser is sent to no other machine than its own, and shows what xm shows", async () => {
  const waiting = { challenge: CHALLENGE, state: STATE, port: 40123 };
  expect(answerTo(waiting, { code: "x&y" })).toBe(`http://127.0.0.1:40123/?code=x%26y&state=${STATE}`);
  expect(await lettersOf(CHALLENGE)).toBe("66D-34F");
});
