/** Locks of the browser, by which tabs and a worker learn of each other's end. */

export interface Lock {
  readonly name: string;
  release(): void;
}

/** A lock that nobody else has; the browser takes it from who has ended, in whatever way. */
export function holdLock(): Promise<Lock> {
  const name = `xenia ${crypto.randomUUID()}`;
  return new Promise((held, failed) => {
    navigator.locks.request(name, () => new Promise<void>((release) => held({ name, release }))).catch(failed);
  });
}

/** Waits until nobody holds it. Rejects when `signal` is given up. */
export async function released(name: string, signal?: AbortSignal): Promise<void> {
  await navigator.locks.request(name, signal ? { signal } : {}, () => undefined);
}
