/** What is asked of somebody who makes a domain: kept in the address of the page, as a view of the table is. */

export const KINDS = ["iso", "image", "kernel", "clone"] as const;
export type Kind = (typeof KINDS)[number];

/** The kinds of which the page writes the guest file; that of a clone is written by xend. */
export type WrittenKind = Exclude<Kind, "clone">;

export const FORMATS = ["qcow2", "raw", "vmdk", "vhd"] as const;
export type Format = (typeof FORMATS)[number];

/** As many as the page has fields for; a guest file may ask for more. */
export const MOST_CARDS = 8;

/** As typed; texts that are empty stand for what is usual. */
export interface Form {
  readonly name: string;
  /** MiB. */
  readonly memory: string;
  readonly vcpus: string;
  /** Whether the image is made, is there already, or there is none. */
  readonly disk: "new" | "old" | "none";
  readonly path: string;
  /** GiB. */
  readonly size: string;
  readonly format: "" | Format;
  readonly target: string;
  readonly iso: string;
  readonly kernel: string;
  readonly ramdisk: string;
  readonly extra: string;
  /** One a card: empty for what the host has; else network:NAME or bridge:NAME. */
  readonly cards: readonly string[];
  readonly firmware: "bios" | "uefi";
  readonly graphics: "vnc" | "rdp" | "none";
  readonly start: "yes" | "no";
}

const USUAL: Form = {
  name: "",
  memory: "1024",
  vcpus: "1",
  disk: "new",
  path: "",
  size: "20",
  format: "",
  target: "xvda",
  iso: "",
  kernel: "",
  ramdisk: "",
  extra: "",
  cards: [""],
  firmware: "bios",
  graphics: "vnc",
  start: "yes",
};

const BY_KIND: Record<WrittenKind, Partial<Form>> = {
  iso: { memory: "2048", vcpus: "2" },
  image: { disk: "old" },
  kernel: { memory: "512", size: "10", extra: "console=hvc0", graphics: "none" },
};

/** In the query, one a card; or that there is none. */
const CARD = "network";
const NO_CARD = "none";

/** All but the cards. */
const TEXTS = (Object.keys(USUAL) as (keyof Form)[]).filter((key) => key !== "cards");

/** What may be chosen where not everything may. */
const CHOICES: Partial<Record<keyof Form, readonly string[]>> = {
  disk: ["new", "old", "none"],
  format: ["", ...FORMATS],
  target: ["xvda", "hda", "sda"],
  firmware: ["bios", "uefi"],
  graphics: ["vnc", "rdp", "none"],
  start: ["yes", "no"],
};

export function usual(kind: WrittenKind): Form {
  return { ...USUAL, ...BY_KIND[kind] };
}

export function formOf(kind: WrittenKind, query: URLSearchParams): Form {
  const form: Record<string, string> = {};
  for (const key of TEXTS) {
    const told = query.get(key);
    if (told !== null && (CHOICES[key]?.includes(told) ?? true)) form[key] = told;
  }
  const cards = query.getAll(CARD).slice(0, MOST_CARDS);
  const more = cards.length ? { cards: cards.filter((each) => each !== NO_CARD) } : {};
  return { ...usual(kind), ...(form as Partial<Form>), ...more };
}

/** The query that stands for `form`; what is usual is left out. */
export function queryOf(kind: WrittenKind, form: Form): URLSearchParams {
  const [query, left] = [new URLSearchParams(), usual(kind)];
  for (const key of TEXTS) if (form[key] !== left[key]) query.set(key, form[key]);
  const cards = form.cards.length ? form.cards : [NO_CARD];
  if (String(cards) !== String(left.cards)) for (const each of cards) query.append(CARD, each);
  return query;
}

/** The format of the image: as chosen, else as its name says, else qcow2 for one that is made. */
export function formatOf(form: Form): Format {
  if (form.format) return form.format;
  const ending = form.path.split(".").at(-1) ?? "";
  const named = FORMATS.find((each) => each === ending);
  return named ?? (form.disk === "new" && !form.path ? "qcow2" : "raw");
}

/** Where the image is; one that is made lies in a folder of its own below `folder`, unless something else is said. */
export function pathOf(form: Form, folder: string): string {
  if (form.path || form.disk !== "new") return form.path;
  return `${folder}/${form.name}/disk.${formatOf(form) === "raw" ? "img" : formatOf(form)}`;
}

/** Bytes; null for what is no size. */
export function sizeOf(form: Form): number | null {
  const size = /^\d{1,9}$/.test(form.size.trim()) ? Number(form.size) * 2 ** 30 : 0;
  return size > 0 && Number.isSafeInteger(size) ? size : null;
}

export type Required = "name" | "iso" | "disk" | "kernel";

/** What has to be said and is not yet. */
export function missing(kind: WrittenKind, form: Form): Required[] {
  const empty: Record<Required, boolean> = {
    name: !form.name,
    iso: kind === "iso" && !form.iso,
    kernel: kind === "kernel" && !form.kernel,
    disk: form.disk === "old" && !form.path,
  };
  return (Object.keys(empty) as Required[]).filter((each) => empty[each]);
}

/** What is wrong about a field that xend would not say of the guest file, as the key of a sentence. `path` is that of the
 * image, `images` are the paths of those that there are. */
export function lacks(
  kind: WrittenKind,
  form: Form,
  path: string,
  images: readonly string[],
): Partial<Record<"iso" | "disk" | "size", "new.path.whole" | "new.path.taken" | "new.size.bad">> {
  return {
    ...(kind === "iso" && form.iso && !isWhole(form.iso) ? { iso: "new.path.whole" } : {}),
    ...(form.disk !== "none" && path && !isWhole(path) ? { disk: "new.path.whole" } : {}),
    ...(form.disk === "new" && images.includes(path) ? { disk: "new.path.taken" } : {}),
    ...(form.disk === "new" && sizeOf(form) === null ? { size: "new.size.bad" } : {}),
  };
}

/** Whether an item of `disk` can say it: blanks and commas at its end are taken away there. */
function isWhole(path: string): boolean {
  return path.startsWith("/") && !/[\s,]$/.test(path);
}
