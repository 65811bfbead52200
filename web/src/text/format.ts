/** Numbers and times as people read them. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Bytes in the unit that keeps the number short: 1.3 GiB. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 1000 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${short(value)} ${UNITS[unit] ?? ""}`;
}

/** MiB, as the API counts memory. */
export function memory(mebibytes: number): string {
  return bytes(mebibytes * 1024 * 1024);
}

/** Bytes per second as MB/s: 4.1. */
export function megabytes(perSecond: number): string {
  return short(perSecond / 1e6);
}

/** Bytes per second, in decimal units as disks and networks have them: 4.1 MB/s. */
export function rate(perSecond: number): string {
  let [value, unit] = [perSecond, 0];
  while (value >= 999.5 && unit < RATES.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${short(value)} ${RATES[unit] ?? ""}`;
}

const RATES = ["B/s", "kB/s", "MB/s", "GB/s"];

/** One digit behind the point below ten, none above; never 1.0. */
export function short(value: number): string {
  const digits = value !== 0 && value < 9.95 ? 1 : 0;
  return value.toFixed(digits).replace(/\.0$/, "");
}

export function percent(value: number): string {
  return `${Math.round(value)} %`;
}

/** The two largest parts of a duration: 6 d 2 h; tenths of seconds below ten. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${short(seconds)} s`;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [Math.floor(seconds) % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count], index) => index === 0 || count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** The date and the time to the minute: for what is not of today. */
export function day(epoch: number): string {
  const at = new Date(epoch * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The time of day, with the date before it where it is not today's. */
export function moment(epoch: number, now: Date = new Date()): string {
  const at = new Date(epoch * 1000);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((each) => String(each).padStart(2, "0")).join(":");
  if (at.toDateString() === now.toDateString()) return time;
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((each) => String(each).padStart(2, "0")).join("-");
  return `${date} ${time}`;
}
