/** Where in the page somebody is: each screen has an address. */

/** What is a document of its own, whose policy lets WebAssembly run (docs/architecture.md): it is loaded. */
const OWN_DOCUMENT = /^\/domains\/[^/]+\/console\/rdp$/;

class Route {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));

  constructor() {
    addEventListener("popstate", this.#read);
    addEventListener("click", this.#follow);
  }

  /** Go to a place of the page. With `replace`, the way back does not lead here. */
  go(address: string, { replace = false } = {}): void {
    const { pathname } = new URL(address, location.href);
    if (OWN_DOCUMENT.test(pathname) !== OWN_DOCUMENT.test(location.pathname)) {
      if (replace) location.replace(address);
      else location.assign(address);
      return;
    }
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    this.#read();
  }

  #read = (): void => {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  };

  /** Links within the page lead on without loading it again; with a key held, they open where the browser wants. */
  #follow = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const held = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;
    if (!link || held || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.pathname.startsWith("/v1/")) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  };
}

export const route = new Route();
