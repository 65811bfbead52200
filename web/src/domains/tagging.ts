/** Writing tags into guest files, whose text stays as it is otherwise. */

import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { DomainRow, GuestFile, SavedGuestFile } from "../api/words";
import { changesOf, type Shares, writtenTags } from "./tags";

const CONFLICT = 409;
const ATTEMPTS = 3;

/** Makes the tags of `domain` as `shares` wants them. What stands in the file by now counts, and nobody's change of it is
 * lost. Throws Problem. */
export async function writeTags(domain: DomainRow, shares: Shares): Promise<void> {
  const path = `/guest-files/${encodeURIComponent(domain.name)}`;
  for (let attempt = 1; ; attempt++) {
    const file = await ask<GuestFile>("GET", path);
    const changes = changesOf(writtenTags(file.values["tags"]), shares);
    if (changes.length === 0) return;
    try {
      await ask<SavedGuestFile>("PATCH", path, { changes }, file.etag);
      return;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== CONFLICT || attempt === ATTEMPTS) throw error;
    }
  }
}
