/** Typing a text into a guest, as somebody at its keyboard would. */

import { type LayoutName, strokesOf } from "./layouts";
import { keysymOf } from "./keysyms";

/** What presses a key: a keysym, where it is on the keyboard if that is what counts, and whether it goes down or up. */
export type Press = (keysym: number, code: string | null, down: boolean) => void;

const SHIFT = { keysym: 0xffe1, code: "ShiftLeft" };
const ALTGR = { keysym: 0xfe03, code: "AltRight" };

/** Milliseconds between two characters: guests lose what comes faster. */
const PAUSE = 12;

/** With a `layout` the keys are pressed that a guest with this one has; what it has no keys for is passed over. Without one
 * the guest's engine finds the keys, by the keymap of its guest file. Until all is typed, or `stopped` says so. */
export async function type(text: string, layout: LayoutName | null, press: Press, stopped: () => boolean): Promise<void> {
  for (const character of text) {
    if (stopped()) return;
    if (layout) strike(layout, character, press);
    else for (const down of [true, false]) press(keysymOf(character), null, down);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

function strike(layout: LayoutName, character: string, press: Press): void {
  for (const { code, shift, altgr } of strokesOf(layout, character) ?? []) {
    const held = [...(shift ? [SHIFT] : []), ...(altgr ? [ALTGR] : [])];
    for (const each of held) press(each.keysym, each.code, true);
    for (const down of [true, false]) press(keysymOf(character), code, down);
    for (const each of held.reverse()) press(each.keysym, each.code, false);
  }
}
