import { expect, test } from "vitest";

import { de } from "../src/text/de";
import { en, type Key } from "../src/text/en";

test("each sentence has the same places to fill in all languages", () => {
  const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((each) => each[0]).sort();
  for (const key of Object.keys(en) as Key[]) expect(places(de[key]), key).toEqual(places(en[key]));
});
