/** Where one can go from everywhere. */

export const PLACES = [
  { name: "domains", icon: "domain", key: "d" },
  { name: "jobs", icon: "list", key: "j" },
  { name: "events", icon: "clock", key: "e" },
  { name: "host", icon: "host", key: "h" },
] as const;
