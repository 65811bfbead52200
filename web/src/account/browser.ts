/** What a login of this browser is shown as. */

/** What TypeScript does not know yet of navigator. */
interface Hints {
  userAgentData?: { readonly brands: readonly { readonly brand: string }[]; readonly platform: string };
}

const BROWSERS = ["Firefox", "Edg", "OPR", "Chrome", "Safari"];
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"];
const CALLED: Readonly<Record<string, string>> = { Edg: "Edge", OPR: "Opera", Mac: "macOS" };

/** Browser and system, as far as it tells them: "Firefox on Linux". */
export function thisBrowser(told: Pick<Navigator, "userAgent"> & Hints = navigator): string {
  const hint = told.userAgentData?.brands.map((each) => each.brand).findLast((each) => !/not.?a.?brand/i.test(each));
  const browser = hint ?? named(BROWSERS, told.userAgent) ?? "a browser";
  const system = told.userAgentData?.platform ?? named(SYSTEMS, told.userAgent);
  return system ? `${browser} on ${system}` : browser;
}

function named(names: readonly string[], text: string): string | undefined {
  const found = names.find((each) => text.includes(each));
  return found && (CALLED[found] ?? found);
}
