/** Which field of the form a complaint about the guest file is for. */

import type { Complaint } from "../api/words";
import type { Form } from "./form";
import { cdromOf } from "./guestfile";

export type Field =
  | "name"
  | "memory"
  | "vcpus"
  | "disk"
  | "size"
  | "iso"
  | "kernel"
  | "ramdisk"
  | "extra"
  | "firmware"
  | `card${number}`
  | "graphics";

export type Said = Pick<Complaint, "severity" | "message" | "hint">;

const PLAIN: Record<string, Field> = {
  name: "name",
  memory: "memory",
  maxmem: "memory",
  vcpus: "vcpus",
  kernel: "kernel",
  ramdisk: "ramdisk",
  extra: "extra",
  bios: "firmware",
  vnc: "graphics",
  rdp: "graphics",
};

/** Null for what no field has asked. Keys are as `vif[0]`: of lists, the item. */
export function fieldOf(key: string, form: Form): Field | null {
  const [name = "", item = ""] = key.split(/[[\]]/);
  if (name === "disk") return item === String(cdromOf(form)) ? "iso" : "disk";
  if (name === "vif") return `card${Number(item)}`;
  if (name === "vfb") return "graphics";
  return PLAIN[name] ?? null;
}

/** The errors and warnings by the fields that they are for, and the others. */
export function byField(
  form: Form,
  complaints: readonly Complaint[],
): { fields: Partial<Record<Field, Said[]>>; others: Complaint[] } {
  const fields: Partial<Record<Field, Said[]>> = {};
  const others: Complaint[] = [];
  for (const each of complaints) {
    const field = each.severity === "note" ? null : fieldOf(each.key, form);
    if (field) (fields[field] ??= []).push(each);
    else others.push(each);
  }
  return { fields, others };
}

/** What is to be said of a text when, if `madeFirst`, its first disk is still to be made. `here` is what there is to say on
 * this host, `anywhere` what there is to say of the text alone: between them lies what the host does not have. */
export function withoutImage(here: readonly Complaint[], anywhere: readonly Complaint[], madeFirst: boolean): Complaint[] {
  const said = new Set(anywhere.map((each) => `${each.key} ${each.message}`));
  return here.filter((each) => !madeFirst || each.key !== "disk[0]" || said.has(`${each.key} ${each.message}`));
}
