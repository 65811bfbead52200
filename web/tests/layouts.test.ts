import { expect, test } from "vitest";

import { isLayout, lacking, LAYOUT_NAMES, type LayoutName, strokesOf } from "../src/console/layouts";
import { type } from "../src/console/typing";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const ALL = `${LETTERS}${LETTERS.toUpperCase()}0123456789 \n\t.,;:!?"#$%&'()*+-/<=>@_`;

/** What is pressed: S for Shift, G for AltGr. */
const said = (layout: LayoutName, text: string): string =>
  [...text]
    .flatMap((each) => strokesOf(layout, each) ?? [])
    .map(({ code, shift, altgr }) => `${shift ? "S-" : ""}${altgr ? "G-" : ""}${code}`)
    .join(" ");

test.each(LAYOUT_NAMES)("$name has keys for letters, digits and what is usual", ({ id }) => {
  expect(lacking(id, ALL)).toEqual([]);
  const pressed = [...ALL].map((each) => said(id, each));
  expect(new Set(pressed).size).toBe(ALL.length);
});

test("the same keys make other characters", () => {
  expect(said("us", "yz@{\\~")).toBe("KeyY KeyZ S-Digit2 S-BracketLeft Backslash S-Backquote");
  expect(said("gb", '"@#~£€\\|')).toBe("S-Digit2 S-Quote Backslash S-Backslash S-Digit3 G-Digit4 IntlBackslash S-IntlBackslash");
  expect(said("de", "yzäÖß@€~|µ{[]}\\²")).toBe(
    "KeyZ KeyY Quote S-Semicolon Minus G-KeyQ G-KeyE G-BracketRight G-IntlBackslash G-KeyM G-Digit7 G-Digit8 G-Digit9 G-Digit0 G-Minus G-Digit2",
  );
  expect(said("fr", "aqzwmé1@#{[|\\]}€%!")).toBe(
    "KeyQ KeyA KeyW KeyZ Semicolon Digit2 S-Digit1 G-Digit0 G-Digit3 G-Digit4 G-Digit5 G-Digit6 G-Digit8 G-Minus G-Equal G-KeyE S-Quote Slash",
  );
  expect(said("es", "ñç@#|\\[]{}€¿")).toBe(
    "Semicolon Backslash G-Digit2 G-Digit3 G-Digit1 G-Backquote G-BracketLeft G-BracketRight G-Quote G-Backslash G-KeyE S-Equal",
  );
  expect(said("it", "è[]@#é\\|€^")).toBe(
    "BracketLeft G-BracketLeft G-BracketRight G-Semicolon G-Quote S-BracketLeft Backquote S-Backquote G-KeyE S-Equal",
  );
});

test("a dead key is followed by a blank", () => {
  expect(said("de", "^`")).toBe("Backquote Space S-Equal Space");
  expect(said("us", "^")).toBe("S-Digit6");
});

test("what has no key is told, once", () => {
  expect(lacking("us", "naïve ää 😀")).toEqual(["ï", "ä", "😀"]);
  expect(lacking("fr", "a~b`")).toEqual(["~", "`"]);
  expect([isLayout("de"), isLayout("xx"), isLayout(null)]).toEqual([true, false, false]);
});

test("what is held goes down before its key and up after it, and typing can be stopped", async () => {
  const pressed: string[] = [];
  const press = (keysym: number, code: string | null, down: boolean): unknown =>
    pressed.push(`${code ?? keysym.toString(16)}${down ? "+" : "-"}`);
  await type("@😀", "de", press, () => false);
  expect(pressed).toEqual(["AltRight+", "KeyQ+", "KeyQ-", "AltRight-"]);
  pressed.length = 0;
  await type("äbc", null, press, () => pressed.length > 2);
  expect(pressed).toEqual(["e4+", "e4-", "62+", "62-"]);
});
