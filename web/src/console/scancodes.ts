/** Keys by where they are on the keyboard (KeyboardEvent.code), as the scancodes of set 1 that RDP sends
 * ([MS-RDPBCGR] 2.2.8.1.2.2.1): the guest's own layout says what they mean. */

/** Those of an extended key have this before them. */
const EXTENDED = 0xe000;

/** From the scancode that each list begins with on, without gaps. */
const RUNS: readonly (readonly [number, string])[] = [
  [0x01, "Escape Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal Backspace"],
  [0x0f, "Tab KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Enter"],
  [0x1d, "ControlLeft KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote"],
  [0x2a, "ShiftLeft Backslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight"],
  [0x37, "NumpadMultiply AltLeft Space CapsLock F1 F2 F3 F4 F5 F6 F7 F8 F9 F10"],
  [0x46, "ScrollLock Numpad7 Numpad8 Numpad9 NumpadSubtract Numpad4 Numpad5 Numpad6 NumpadAdd"],
  [0x4f, "Numpad1 Numpad2 Numpad3 Numpad0 NumpadDecimal"],
  [0x56, "IntlBackslash F11 F12"],
  [0x64, "F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23"],
  [0x45, "NumLock"],
  [0x59, "NumpadEqual"],
  [0x70, "KanaMode"],
  [0x73, "IntlRo"],
  [0x79, "Convert"],
  [0x7b, "NonConvert"],
  [0x7d, "IntlYen"],
  [EXTENDED + 0x1c, "NumpadEnter ControlRight"],
  [EXTENDED + 0x35, "NumpadDivide"],
  [EXTENDED + 0x37, "PrintScreen AltRight"],
  [EXTENDED + 0x46, "Pause Home ArrowUp PageUp"],
  [EXTENDED + 0x4b, "ArrowLeft"],
  [EXTENDED + 0x4d, "ArrowRight"],
  [EXTENDED + 0x4f, "End ArrowDown PageDown Insert Delete"],
  [EXTENDED + 0x5b, "MetaLeft MetaRight ContextMenu"],
];

const SCANCODES: ReadonlyMap<string, number> = new Map(
  RUNS.flatMap(([first, codes]) => codes.split(" ").map((code, index) => [code, first + index] as const)),
);

/** Undefined for a key that no PC has. */
export function scancodeOf(code: string): number | undefined {
  return SCANCODES.get(code);
}

export const MODIFIERS = [
  { name: "Ctrl", code: "ControlLeft" },
  { name: "Alt", code: "AltLeft" },
  { name: "Super", code: "MetaLeft" },
] as const;

/** Keys that the browser or its system keeps for itself. */
export const COMBINATIONS: readonly { name: string; codes: readonly string[] }[] = [
  { name: "Ctrl-Alt-Del", codes: ["ControlLeft", "AltLeft", "Delete"] },
  { name: "Super", codes: ["MetaLeft"] },
  { name: "Super-L", codes: ["MetaLeft", "KeyL"] },
  { name: "Alt-Tab", codes: ["AltLeft", "Tab"] },
  { name: "Alt-F4", codes: ["AltLeft", "F4"] },
  ...[1, 2, 3, 7].map((number) => ({ name: `Ctrl-Alt-F${number}`, codes: ["ControlLeft", "AltLeft", `F${number}`] })),
];
