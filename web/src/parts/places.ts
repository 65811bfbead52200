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

export type Place = (typeof PLACES)[number];
