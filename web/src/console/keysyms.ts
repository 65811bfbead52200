/** Keys by their X11 keysyms (X11/keysymdef.h), as RFB sends them (RFC 6143, 7.5.4). */

export const CONTROL = 0xffe3;
export const ALT = 0xffe9;
export const SUPER = 0xffeb;
export const DELETE = 0xffff;
const F1 = 0xffbe;

export const MODIFIERS = [
  { name: "Ctrl", keysym: CONTROL, code: "ControlLeft" },
  { name: "Alt", keysym: ALT, code: "AltLeft" },
  { name: "Super", keysym: SUPER, code: "MetaLeft" },
] as const;

/** Keys that the browser or its system keeps for itself, together with what is held. */
export const COMBINATIONS: readonly { name: string; keysyms: readonly number[] }[] = [
  { name: "Ctrl-Alt-Del", keysyms: [CONTROL, ALT, DELETE] },
  ...[1, 2, 3, 7].map((number) => ({ name: `Ctrl-Alt-F${number}`, keysyms: [CONTROL, ALT, F1 + number - 1] })),
  { name: "Alt-F4", keysyms: [ALT, F1 + 3] },
];

/** The keysym of a character: Latin-1 is itself, others are 0x01000000 above their code point; returns are Return. */
export function keysymOf(character: string): number {
  if (character === "\n" || character === "\r") return 0xff0d;
  if (character === "\t") return 0xff09;
  const point = character.codePointAt(0) ?? 0;
  return point <= 0xff ? point : 0x01000000 + point;
}
