import { expect, test } from "vitest";

import { diskItem, freeTarget, vifItem } from "../src/domains/devices";

test("a disk is written so that its path may have anything in it", () => {
  expect(diskItem({ path: "/x/a, b=c.img", target: "xvdb", format: "raw", readOnly: true })).toBe(
    "format=raw,vdev=xvdb,access=ro,target=/x/a, b=c.img",
  );
});

test.each([
  [[], "xvda"],
  [["xvda", "xvdc"], "xvdb"],
  [["sda1", "sda2", "sdb"], "sdc"],
  [["vda"], "vdb"],
  [["hda", "hdc"], "xvda"],
])("next to %j the next disk is %s", (targets, free) => {
  expect(freeTarget(targets.map((target) => ({ target })))).toBe(free);
});

test("a card is on what it names, or on the usual bridge", () => {
  expect(vifItem("network=lan", "")).toBe("network=lan");
  expect(vifItem("bridge=xenbr0", "00:16:3e:00:00:01")).toBe("bridge=xenbr0,mac=00:16:3e:00:00:01");
  expect(vifItem("", "")).toBe("");
});
