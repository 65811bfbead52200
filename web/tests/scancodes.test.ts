import { expect, test } from "vitest";

import { COMBINATIONS, MODIFIERS, scancodeOf } from "../src/console/scancodes";

test.each([
  ["Escape", 0x01],
  ["Backspace", 0x0e],
  ["Enter", 0x1c],
  ["Backquote", 0x29],
  ["ShiftRight", 0x36],
  ["F10", 0x44],
  ["NumpadAdd", 0x4e],
  ["NumpadDecimal", 0x53],
  ["F12", 0x58],
  ["F23", 0x6e],
  ["ControlRight", 0xe01d],
  ["AltRight", 0xe038],
  ["PageUp", 0xe049],
  ["ArrowLeft", 0xe04b],
  ["Delete", 0xe053],
  ["ContextMenu", 0xe05d],
  ["LaunchMail", undefined],
])("the scancode of %s", (code, scancode) => expect(scancodeOf(code)).toBe(scancode));

test("whatever has a button is a key", () => {
  const codes = [...MODIFIERS.map((each) => each.code), ...COMBINATIONS.flatMap((each) => each.codes)];
  expect(codes.filter((each) => scancodeOf(each) === undefined)).toEqual([]);
});
