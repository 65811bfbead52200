/** Where in the page a domain is. */

/** The address of `name`, or of one of its tabs. /domains/new is where one is made; a domain of that name is beside it. */
export function addressOf(name: string, tab = ""): string {
  const place = `/domains/${encodeURIComponent(name)}`;
  if (tab && tab !== "overview") return `${place}/${tab}`;
  return name === "new" ? `${place}/overview` : place;
}

/** The address of the desktop of `name` over RDP. */
export function rdpAddressOf(name: string): string {
  return `${addressOf(name, "console")}/rdp`;
}
