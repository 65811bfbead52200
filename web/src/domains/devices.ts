/** Disks and cards as guest files write them (xl-disk-configuration(5), xl-network-configuration(5)). */

import type { Disk } from "../api/words";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

export interface NewDisk {
  readonly path: string;
  readonly target: string;
  readonly format: string;
  readonly readOnly: boolean;
}

/** An item of `disk`. The path is its last word: there it may have commas. */
export function diskItem(disk: NewDisk): string {
  return `format=${disk.format},vdev=${disk.target},access=${disk.readOnly ? "ro" : "rw"},target=${disk.path}`;
}

/** The first target that none of `disks` has, of the kind that the first one of them is. */
export function freeTarget(disks: readonly Pick<Disk, "target">[]): string {
  const taken = new Set(disks.map((each) => each.target.replace(/\d+$/, "")));
  const kind = /^(xvd|vd|sd)/.exec(disks[0]?.target ?? "")?.[1] ?? "xvd";
  const letter = [...LETTERS].find((each) => !taken.has(`${kind}${each}`)) ?? "z";
  return `${kind}${letter}`;
}

/** An item of `vif`: a card on a network by its name, or on a bridge; `place` is "network=lan" or "bridge=xenbr0", and
 * "" for the bridge that cards are on when nobody says anything. */
export function vifItem(place: string, mac: string): string {
  return [place, mac && `mac=${mac}`].filter(Boolean).join(",");
}
