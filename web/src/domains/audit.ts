/** What the audit log has of a domain. */

import type { Deed } from "../api/words";

const DOMAINS = "/v1/domains/";

/** What was asked to be done with the domain `name`, the newest first. It may have been named by its UUID. */
export function deedsOf(deeds: readonly Deed[], name: string, uuid: string): Deed[] {
  return deeds.filter((each) => [name, uuid].includes(domainOf(each.path))).reverse();
}

function domainOf(path: string): string {
  if (!path.startsWith(DOMAINS)) return "";
  const [ref = ""] = path.slice(DOMAINS.length).split(/[/?]/);
  try {
    return decodeURIComponent(ref);
  } catch {
    return ref;
  }
}
