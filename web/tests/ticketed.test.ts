import { expect, test } from "vitest";

globalThis.WebSocket ??= class {} as unknown as typeof WebSocket; // Node.js 20 has none

const { tellBuild } = await import("../src/console/ticketed");

/** What stands before the Client Core Data in an MCS Connect Initial, and how they go on up to the build. */
const BEFORE = [0x03, 0x00, 0x01, 0xc0, 0x44, 0x75, 0x63, 0x61];
const CORE = [0x01, 0xc0, 0xea, 0x00, 0x04, 0x00, 0x08, 0x00, 0xd0, 0x02, 0x90, 0x01, 0x01, 0xca, 0x03, 0xaa, 0, 0, 0, 0];

test("the build is told in its place, and nothing else is changed", () => {
  const data = new Uint8Array([...BEFORE, ...CORE, 7, 0, 0, 0, 0x69]);
  expect(tellBuild(data)).toBe(true);
  expect([...data]).toEqual([...BEFORE, ...CORE, 0x28, 0x0a, 0, 0, 0x69]);
});

test.each([
  ["what is none", [...BEFORE, ...BEFORE, ...BEFORE, ...BEFORE]],
  ["what is cut off", [...BEFORE, ...CORE, 7, 0, 0]],
  ["nothing", []],
])("%s is left as it is", (_, bytes) => {
  const data = new Uint8Array(bytes);
  expect(tellBuild(data)).toBe(false);
  expect([...data]).toEqual(bytes);
});
