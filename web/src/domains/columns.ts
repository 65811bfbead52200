/** The columns of the table of domains: which are shown is chosen by who looks, and kept in the query of the address. */

/** In their order; `name` comes first and is always there. */
export const COLUMNS = [
  "id",
  "state",
  "kind",
  "vcpus",
  "cpu",
  "memory",
  "disk",
  "network",
  "up",
  "autostart",
  "tags",
  "file",
] as const;
export type Column = (typeof COLUMNS)[number];

export const USUAL: readonly Column[] = ["state", "kind", "cpu", "memory", "disk", "network", "up", "tags"];

/** What a phone shows of each domain, whatever was chosen. */
const ON_PHONES: readonly Column[] = ["state", "cpu", "memory"];

/** Pixels. */
const WIDTHS: Record<Column, number> = {
  id: 56,
  state: 150,
  kind: 64,
  vcpus: 72,
  cpu: 130,
  memory: 90,
  disk: 118,
  network: 128,
  up: 100,
  autostart: 92,
  tags: 150,
  file: 230,
};
const OF_SELECTION = 48;
const LEAST_OF_NAME = 180;

/** Which of the usual ones a smaller window leaves out. */
const LEFT_OUT: Partial<Record<Column, string>> = { disk: "p3", network: "p3 p4", up: "p3", tags: "p3" };
const NUMBERS: readonly Column[] = ["id", "vcpus", "disk", "network", "up"];

export function columnsOf(query: URLSearchParams): readonly Column[] {
  const said = query.get("columns");
  if (said === null) return USUAL;
  const names = said.split(",");
  return COLUMNS.filter((each) => names.includes(each));
}

/** What stands in the address for them; null for the usual ones. */
export function saidColumns(columns: readonly Column[]): string | null {
  return columns.length === USUAL.length && USUAL.every((each) => columns.includes(each)) ? null : columns.join(",");
}

export function withColumn(columns: readonly Column[], column: Column): Column[] {
  return COLUMNS.filter((each) => (each === column ? !columns.includes(each) : columns.includes(each)));
}

export interface DrawnColumn {
  readonly name: Column;
  readonly look: string;
  readonly width: number;
}

/** Those that are drawn for the ones that are `shown`, some of them on phones alone. */
export function drawn(shown: readonly Column[]): DrawnColumn[] {
  const usual = saidColumns(shown) === null;
  return COLUMNS.filter((each) => shown.includes(each) || ON_PHONES.includes(each)).map((name) => {
    const looks = [
      `c-${name}`,
      NUMBERS.includes(name) ? "num" : "",
      ON_PHONES.includes(name) ? "" : "p2",
      usual ? (LEFT_OUT[name] ?? "") : "",
      shown.includes(name) ? "" : "onphones",
    ];
    return { name, look: looks.filter(Boolean).join(" "), width: WIDTHS[name] };
  });
}

/** Pixels below which the table is scrolled sideways; null where a smaller window leaves some out. */
export function leastWidth(shown: readonly Column[]): number | null {
  if (saidColumns(shown) === null) return null;
  return shown.reduce((sum, each) => sum + WIDTHS[each], OF_SELECTION + LEAST_OF_NAME);
}
