/** Where one can go from everywhere. */

export const PLACES = [
  { name: "domains", icon: "domain", key: "d" },
  { name: "images", icon: "disk", key: "i" },
  { name: "networks", icon: "nic", key: "n" },
  { name: "jobs", icon: "list", key: "j" },
  { name: "events", icon: "clock", key: "e" },
  { name: "host", icon: "host", key: "h" },
  { name: "audit", icon: "shield", key: "a" },
] as const;

/** Reached from the name of who is logged in. */
export const ACCOUNT = { name: "account", icon: "user", key: "u" } as const;

/** All that a key or the palette leads to. */
export const EVERYWHERE = [...PLACES, ACCOUNT] as const;

export type Place = (typeof EVERYWHERE)[number];
