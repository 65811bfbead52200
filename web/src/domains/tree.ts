/** Snapshots as the tree that they are: each below the one it is based on. */

import type { Snapshot } from "../api/words";

export interface Branch {
  readonly snapshot: Snapshot;
  /** How many it is based on. */
  readonly depth: number;
}

/** Depth first, the oldest of each level first. One whose parent is not there stands at the root. */
export function treeOf(snapshots: readonly Snapshot[]): Branch[] {
  const names = new Set(snapshots.map((each) => each.name));
  const below = (parent: string, depth: number): Branch[] =>
    snapshots
      .filter((each) => (names.has(each.parent) ? each.parent : "") === parent)
      .sort((one, other) => one.at - other.at)
      .flatMap((snapshot) => [{ snapshot, depth }, ...below(snapshot.name, depth + 1)]);
  return below("", 0);
}
