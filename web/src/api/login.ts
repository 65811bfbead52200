/** How somebody logs in and out: the cookie comes with the answer. */

import { thisBrowser } from "../account/browser";
import { request } from "./client";
import { proofOf } from "./securitykey";
import type { GivenToken, KeyWanted, WaysToLogIn } from "./words";

/** With a password: what a security key is to answer before, where one is wanted; null where somebody is logged in.
 * `code` is an administrator's for who has none. */
export async function logIn(user: string, password: string, code: string): Promise<KeyWanted | null> {
  const told = await request<GivenToken | KeyWanted>("POST", "/login", { user, password, code, label: thisBrowser() });
  return "options" in told ? told : null;
}

/** With the security key that was wanted. `signal` ends the question. */
export async function logInWithKey(wanted: KeyWanted, signal: AbortSignal): Promise<void> {
  await request("POST", "/login/security-key", { secret: wanted.secret, answer: await proofOf(wanted.options, signal) });
}

/** With the secret of a link that was made on the host (xm web). */
export async function followLink(secret: string): Promise<void> {
  await request("POST", "/login/link", { secret });
}

export async function waysToLogIn(): Promise<WaysToLogIn> {
  return request<WaysToLogIn>("GET", "/v1/login");
}

export async function logOut(): Promise<void> {
  await request("POST", "/logout");
}
