/** Single keys: they act where nobody types and nothing lies over the page. */

type Handler = (key: string) => boolean;

/** Hears of keys until the function that it returns is called. `handle` says whether it has used the key. */
export function onKey(handle: Handler): () => void {
  const listen = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTaken(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (handle(event.key)) event.preventDefault();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}

/** Hears of Ctrl-K (or Cmd-K), also while somebody types in a field, but not in a console or over a dialog, until the
 * function that it returns is called. */
export function onPaletteKey(open: () => void): () => void {
  const listen = (event: KeyboardEvent): void => {
    const held = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (!held || event.key.toLowerCase() !== "k" || event.defaultPrevented) return;
    if (event.target instanceof Element && event.target.closest(".takeskeys")) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    open();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}

/** Whether keys are for what has the focus: a field, a console, or a button or link that Enter presses. */
function isTaken(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target.isContentEditable || target.closest(".takeskeys, textarea, select, button, a") !== null;
}
