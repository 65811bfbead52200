import { expect, test } from "vitest";

import { windowOf } from "../src/parts/window";

test("only what is seen is drawn, and a few rows around it", () => {
  expect(windowOf(1000, 0, 340, 34)).toEqual({ first: 0, end: 20 });
  expect(windowOf(1000, 34 * 500, 340, 34)).toEqual({ first: 490, end: 520 });
  expect(windowOf(1000, 34 * 990, 340, 34)).toEqual({ first: 980, end: 1000 });
});

test("a list that has become shorter than it was scrolled is no harm", () => {
  expect(windowOf(3, 34_000, 340, 34)).toEqual({ first: 3, end: 3 });
  expect(windowOf(0, 0, 0, 34)).toEqual({ first: 0, end: 0 });
});
