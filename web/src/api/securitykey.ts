/** Security keys and passkeys (WebAuthn, level 3): the browser asks the key, xend looks at what it answers. */

import { Problem } from "./problem";

/** What TypeScript does not know yet of PublicKeyCredential. */
interface WithJson {
  parseRequestOptionsFromJSON?: (options: object) => PublicKeyCredentialRequestOptions;
}

/** What the key says to `options`. Throws Problem where there is none, or somebody does not want to. */
export async function proofOf(options: object): Promise<object> {
  const parse = (globalThis.PublicKeyCredential as WithJson | undefined)?.parseRequestOptionsFromJSON;
  if (!parse) throw new Problem("this browser cannot ask a security key", "use a newer one, or xm on the host");
  try {
    const answer = await navigator.credentials.get({ publicKey: parse.call(PublicKeyCredential, options) });
    return (answer as PublicKeyCredential).toJSON() as object;
  } catch (error) {
    throw new Problem(`no security key has answered: ${error instanceof Error ? error.message : String(error)}`);
  }
}
