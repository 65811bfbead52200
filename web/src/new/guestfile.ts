/** The guest file that a form stands for: in words that xm's and xl's dialects read alike. */

import { type Form, formatOf, pathOf, type WrittenKind } from "./form";

type Value = string | number | readonly string[];

const WIDTH = 8;
const ESCAPES: Record<string, string> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Images without a path of their own lie below `folder`. */
export function guestFileOf(kind: WrittenKind, form: Form, folder: string): string {
  return settingsOf(kind, form, folder)
    .map(([key, value]) => `${key.padEnd(WIDTH)} = ${written(value)}\n`)
    .join("");
}

/** The place of an item in `disk` that the CD-ROM has. */
export function cdromOf(form: Form): number {
  return form.disk === "none" ? 0 : 1;
}

function settingsOf(kind: WrittenKind, form: Form, folder: string): [string, Value][] {
  const settings: [string, Value][] = [
    ["name", form.name],
    ["type", kind === "kernel" ? "pv" : "hvm"],
    ["memory", numberOf(form.memory)],
    ["vcpus", numberOf(form.vcpus)],
  ];
  if (kind === "kernel") {
    settings.push(["kernel", form.kernel]);
    if (form.ramdisk) settings.push(["ramdisk", form.ramdisk]);
    if (form.extra) settings.push(["extra", form.extra]);
  }
  if (kind !== "kernel" && form.firmware === "uefi") settings.push(["bios", "ovmf"]);
  // An empty disk is passed over, so that the CD is started from until something is installed.
  if (kind === "iso") settings.push(["boot", form.disk === "new" ? "cd" : "dc"]);
  settings.push(["disk", disksOf(kind, form, folder)], ["vif", cardsOf(form)]);
  const screen = form.graphics !== "none";
  if (kind !== "kernel") settings.push(["vnc", screen ? 1 : 0]);
  else if (screen) settings.push(["vfb", ["vnc=1"]]);
  if (form.graphics === "rdp") settings.push(["rdp", 1]);
  if (kind !== "kernel") settings.push(["serial", "pty"]);
  return settings;
}

/** The path comes last: there it may have commas (xl-disk-configuration(5), target). */
function disksOf(kind: WrittenKind, form: Form, folder: string): string[] {
  const disks: string[] = [];
  if (form.disk !== "none") {
    const path = pathOf(form, folder);
    disks.push(`format=${formatOf(form)},vdev=${form.target},access=rw${path ? `,target=${path}` : ""}`);
  }
  if (kind === "iso") disks.push(`format=raw,vdev=hdc,devtype=cdrom${form.iso ? `,target=${form.iso}` : ""}`);
  return disks;
}

function cardsOf(form: Form): string[] {
  return form.cards.map((card) => {
    const [what, ...name] = card.split(":");
    return name.length ? `${what}=${name.join(":")}` : "";
  });
}

/** What is no number stays as it was typed: xend says what it makes of it. */
function numberOf(text: string): number | string {
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : text;
}

function written(value: Value): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return quoted(value);
  if (value.length < 2) return `[${value.map(quoted).join("")}]`;
  return `[\n${value.map((each) => `    ${quoted(each)},\n`).join("")}]`;
}

/** A text that Python and xl read alike. */
export function quoted(text: string): string {
  const escaped = [...text].map((each) => ESCAPES[each] ?? (isControl(each) ? hexadecimal(each) : each));
  return `"${escaped.join("")}"`;
}

function isControl(letter: string): boolean {
  return letter < " " || (letter >= "\x7f" && letter < "\xa0");
}

function hexadecimal(letter: string): string {
  return `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
