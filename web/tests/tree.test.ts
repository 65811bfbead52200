import { expect, test } from "vitest";

import type { Snapshot } from "../src/api/words";
import { treeOf } from "../src/domains/tree";

function snapshot(name: string, parent: string, at: number): Snapshot {
  return {
    name,
    id: name,
    at,
    parent,
    description: "",
    moment: "off",
    size: 0,
    current: false,
    children: [],
    disks: [],
    picture: false,
    warm: { wanted: 0, ready: 0, memory: 0, problem: "" },
  };
}

test("each stands below the one that it is based on, the oldest first", () => {
  const given = [snapshot("late", "first", 9), snapshot("first", "", 1), snapshot("early", "first", 3), snapshot("leaf", "early", 4)];
  expect(treeOf(given).map(({ snapshot: { name }, depth }) => [name, depth])).toEqual([
    ["first", 0],
    ["early", 1],
    ["leaf", 2],
    ["late", 1],
  ]);
});

test("one whose parent is gone is not lost", () => {
  expect(treeOf([snapshot("orphan", "gone", 1)]).map((each) => each.depth)).toEqual([0]);
});
