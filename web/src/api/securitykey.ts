/** Security keys and passkeys (WebAuthn, level 3): the browser asks the key, xend looks at what it answers. */

import { t } from "../text/language.svelte";
import { Problem } from "./problem";

/** What TypeScript does not know yet of PublicKeyCredential. */
interface WithJson {
  parseRequestOptionsFromJSON?: (options: object) => PublicKeyCredentialRequestOptions;
  parseCreationOptionsFromJSON?: (options: object) => PublicKeyCredentialCreationOptions;
}

const json = (): WithJson | undefined => globalThis.PublicKeyCredential as WithJson | undefined;

/** Whether this browser can ask a key, and make one. */
export function knowsKeys(): boolean {
  return Boolean(json()?.parseRequestOptionsFromJSON && json()?.parseCreationOptionsFromJSON);
}

/** What a key of the user says to `options`. Throws Problem where none answers, or `signal` ends it. */
export async function proofOf(options: object, signal: AbortSignal): Promise<object> {
  return answerOf(() => {
    const publicKey = json()?.parseRequestOptionsFromJSON?.call(PublicKeyCredential, options);
    return publicKey ? navigator.credentials.get({ publicKey, signal }) : null;
  });
}

/** A new key, made for `options`. Throws Problem where none is made, or `signal` ends it. */
export async function newKey(options: object, signal: AbortSignal): Promise<object> {
  return answerOf(() => {
    const publicKey = json()?.parseCreationOptionsFromJSON?.call(PublicKeyCredential, options);
    return publicKey ? navigator.credentials.create({ publicKey, signal }) : null;
  });
}

async function answerOf(ask: () => Promise<Credential | null> | null): Promise<object> {
  const asked = ask();
  if (!asked) throw new Problem(t("securitykey.unknown"), t("securitykey.unknown.next"));
  try {
    return ((await asked) as PublicKeyCredential).toJSON() as object;
  } catch (error) {
    throw refusal(error);
  }
}

/** Browsers tell little of what went wrong: which keys somebody has is not a page's business. */
function refusal(error: unknown): Problem {
  const name = error instanceof DOMException ? error.name : "";
  const words = error instanceof Error ? error.message : String(error);
  if (name === "InvalidStateError") return new Problem(t("securitykey.known"), t("securitykey.known.next"));
  if (name === "SecurityError") return new Problem(t("securitykey.place", { here: location.origin }), words);
  if (/certificate/i.test(words)) return new Problem(t("securitykey.certificate"), t("securitykey.certificate.next"));
  if (name === "NotAllowedError" || name === "AbortError") return new Problem(t("securitykey.silent"), t("securitykey.silent.next"));
  return new Problem(t("securitykey.silent"), words);
}
