import { expect, test, vi } from "vitest";

import { thisBrowser } from "../src/account/browser";
import { reasonAgainstKey } from "../src/account/mayadd";
import { rolesFor } from "../src/account/roles";
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
