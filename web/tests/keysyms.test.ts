import { expect, test } from "vitest";

import { keysymOf } from "../src/console/keysyms";

test.each([
  ["a", 0x61],
  ["ß", 0xdf],
  ["€", 0x010020ac],
  ["\n", 0xff0d],
  ["\t", 0xff09],
])("the keysym of %j", (character, keysym) => expect(keysymOf(character)).toBe(keysym));
