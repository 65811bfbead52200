/** The icons of what jobs do; those that have none of their own get a general one. */

export const ICONS: Readonly<Record<string, string>> = {
  create: "play",
  resume: "play",
  unpause: "play",
  restore: "play",
  shutdown: "power",
  destroy: "power",
  reboot: "reboot",
  pause: "pause",
  save: "save",
  suspend: "save",
  clone: "clone",
  "disk upload": "upload",
  "snapshot create": "snapshot",
  "snapshot revert": "branch",
};
