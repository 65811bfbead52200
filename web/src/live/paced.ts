/** `work` as something to be asked for: it is not done twice at once, and rests for `pause` milliseconds between two
 * times; whatever is asked for meanwhile is done once, afterwards. */
export function paced(work: () => Promise<void>, pause: number): () => void {
  let busy = false;
  let again = false;
  return function go(): void {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    void work().finally(() =>
      setTimeout(() => {
        const more = again;
        [busy, again] = [false, false];
        if (more) go();
      }, pause),
    );
  };
}
