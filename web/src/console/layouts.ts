/** Keyboard layouts: which keys make a character in a guest that has one. As xkeyboard-config has them (symbols/us, gb, de,
 * fr, es, it), without what Windows has elsewhere or as a dead key. */

/** One key, with what is held meanwhile. */
export interface Stroke {
  /** Where it is on the keyboard, as KeyboardEvent.code has it. */
  readonly code: string;
  readonly shift: boolean;
  readonly altgr: boolean;
}

const KEYS = [
  "Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal",
  "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight",
  "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backslash",
  "IntlBackslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash",
].flatMap((row) => row.split(" "));

/** What the keys make, in the order of KEYS, alone, with Shift and with AltGr; a blank is nothing. `dead` are those that
 * wait for the next key, so that a blank after them makes the character itself. */
interface Layout {
  readonly name: string;
  readonly plain: string;
  readonly shift: string;
  readonly altgr: string;
  readonly dead: string;
}

const US_LETTERS = { plain: "qwertyuiop[]", shift: "QWERTYUIOP{}" };

const LAYOUTS = {
  us: {
    name: "English (US)",
    plain: `\`1234567890-=${US_LETTERS.plain}asdfghjkl;'\\ zxcvbnm,./`,
    shift: `~!@#$%^&*()_+${US_LETTERS.shift}ASDFGHJKL:"| ZXCVBNM<>?`,
    altgr: "",
    dead: "",
  },
  gb: {
    name: "English (UK)",
    plain: `\`1234567890-=${US_LETTERS.plain}asdfghjkl;'#\\zxcvbnm,./`,
    shift: `¬!"£$%^&*()_+${US_LETTERS.shift}ASDFGHJKL:@~|ZXCVBNM<>?`,
    altgr: "    €",
    dead: "",
  },
  de: {
    name: "Deutsch",
    plain: "^1234567890ß´qwertzuiopü+asdfghjklöä#<yxcvbnm,.-",
    shift: "°!\"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_",
    altgr: "  ²³   {[]}\\ @ €        ~            |      µ",
    dead: "^´`",
  },
  fr: {
    name: "Français",
    plain: "²&é\"'(-è_çà)=azertyuiop^$qsdfghjklmù*<wxcvbn,;:!",
    shift: " 1234567890°+AZERTYUIOP¨£QSDFGHJKLM%µ>WXCVBN?./§",
    altgr: "   #{[| \\ @]}  €",
    dead: "^¨",
  },
  es: {
    name: "Español",
    plain: "º1234567890'¡qwertyuiop`+asdfghjklñ´ç<zxcvbnm,.-",
    shift: "ª!\"·$%&/()=?¿QWERTYUIOP^*ASDFGHJKLÑ¨Ç>ZXCVBNM;:_",
    altgr: "\\|@#  ¬        €       []          {}",
    dead: "`^´¨",
  },
  it: {
    name: "Italiano",
    plain: "\\1234567890'ìqwertyuiopè+asdfghjklòàù<zxcvbnm,.-",
    shift: "|!\"£$%&/()=?^QWERTYUIOPé*ASDFGHJKLç°§>ZXCVBNM;:_",
    altgr: "               €       []         @#",
    dead: "",
  },
} as const satisfies Record<string, Layout>;

export type LayoutName = keyof typeof LAYOUTS;

export const LAYOUT_NAMES = Object.entries(LAYOUTS).map(([id, layout]) => ({ id: id as LayoutName, name: layout.name }));

export function isLayout(text: string | null): text is LayoutName {
  return text !== null && text in LAYOUTS;
}

const ALIKE: ReadonlyMap<string, string> = new Map([
  ["\n", "Enter"],
  ["\t", "Tab"],
  [" ", "Space"],
]);

const plainly = (code: string): Stroke => ({ code, shift: false, altgr: false });

/** What is pressed for `character`, one after the other; null where the layout has no key for it. */
export function strokesOf(layout: LayoutName, character: string): readonly Stroke[] | null {
  const alike = ALIKE.get(character);
  if (alike) return [plainly(alike)];
  const { plain, shift, altgr, dead } = LAYOUTS[layout];
  for (const [keys, held] of [
    [plain, { shift: false, altgr: false }],
    [shift, { shift: true, altgr: false }],
    [altgr, { shift: false, altgr: true }],
  ] as const) {
    const code = KEYS[[...keys].indexOf(character)];
    if (code) return [{ code, ...held }, ...([...dead].includes(character) ? [plainly("Space")] : [])];
  }
  return null;
}

/** The characters of `text` that the layout has no keys for, each once. */
export function lacking(layout: LayoutName, text: string): string[] {
  return [...new Set(text)].filter((each) => strokesOf(layout, each) === null);
}
