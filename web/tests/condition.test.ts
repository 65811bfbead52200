import { expect, test } from "vitest";

import { conditionOf, lifeOf } from "../src/domains/condition";
import { domain } from "./words";

test("a domain that blocks and runs has one life, and another once it is paused or given more memory", () => {
  const running = domain("web", { state: "running" });
  const blocked = { ...running, state: "blocked", cpu_time: running.cpu_time + 1 } as const;
  expect(conditionOf(blocked)).toBe("running");
  expect(lifeOf(blocked)).toBe(lifeOf(running));
  expect(lifeOf({ ...running, state: "paused" })).not.toBe(lifeOf(running));
  expect(lifeOf({ ...running, memory: running.memory + 1 })).not.toBe(lifeOf(running));
});
