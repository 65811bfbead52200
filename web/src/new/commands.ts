/** The commands of a shell that do the same. */

import { type Form, formatOf, pathOf } from "./form";

/** A word that a shell takes as it is. */
export function word(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** `name` is the domain's, in whose file the text is; images without a path of their own lie below `folder`. */
export function commandsOf(form: Form, name: string, folder: string): string[] {
  const commands: string[] = [];
  if (form.disk === "new") {
    const path = pathOf(form, folder);
    const named = path.endsWith(".qcow2") ? "qcow2" : "raw";
    const format = formatOf(form) === named ? "" : `-f ${formatOf(form)} `;
    commands.push(`xm disk create ${format}${word(path)} ${word(`${form.size.trim()}g`)}`);
  }
  commands.push(`xm new ${word(`./${name}.cfg`)}`);
  if (form.start === "yes") commands.push(`xm start ${word(name)}`);
  return commands;
}

export interface Clone {
  readonly of: string;
  readonly name: string;
  readonly count: number;
  readonly snapshot: string;
  readonly running: boolean;
  readonly full: boolean;
}

export function cloneCommand({ of, name, count, snapshot, running, full }: Clone): string {
  const words = ["xm", "clone"];
  if (count !== 1) words.push("-n", String(count));
  if (running) words.push("--running");
  if (snapshot) words.push("--snapshot", snapshot);
  if (full) words.push("--full");
  words.push(of);
  if (name) words.push(name);
  return words.map(word).join(" ");
}
