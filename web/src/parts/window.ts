/** Which rows of a long table are drawn. */

const AROUND = 10;

/** The first row that is drawn and the one after the last, for a view of `height` that is scrolled to `top`. */
export function windowOf(rows: number, top: number, height: number, rowHeight: number): { first: number; end: number } {
  const first = Math.floor(top / rowHeight) - AROUND;
  const end = Math.ceil((top + height) / rowHeight) + AROUND;
  return { first: Math.max(0, Math.min(first, rows)), end: Math.max(0, Math.min(end, rows)) };
}
