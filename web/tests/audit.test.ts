import { expect, test } from "vitest";

import type { Deed } from "../src/api/words";
import { deedsOf } from "../src/domains/audit";

const deed = (path: string): Deed => ({
  time: 1,
  user: "ada",
  role: "administrator",
  address: "",
  token: "",
  method: "POST",
  path,
  status: 200,
});

test("a domain is named by its name or its UUID, and others are not meant", () => {
  const paths = [
    "/v1/domains/web/pause",
    "/v1/domains/web2/pause",
    "/v1/domains/0b17/unpause?wait=20",
    "/v1/domains",
    "/v1/domains/web",
    "/v1/jobs/web/cancel",
    "/v1/domains/%/pause",
  ];
  expect(deedsOf(paths.map(deed), "web", "0b17").map((each) => each.path)).toEqual([paths[4], paths[2], paths[0]]);
});

test("a name may have letters that addresses have not", () => {
  expect(deedsOf([deed("/v1/domains/gr%C3%BCn/pause")], "gr\u00fcn", "")).toHaveLength(1);
  expect(deedsOf([deed("/v1/domains/%/pause")], "%", "")).toHaveLength(1);
});
