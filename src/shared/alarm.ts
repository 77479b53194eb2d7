/**
 * A sleep that can be cut short.
 *
 * Loops that await it go on in their own async context, which a callback of
 * `setTimeout` would not be sure to have.
 */
export class Alarm {
  #ring: () => void = () => {};

  /** Sleeps until a time in ms since 1970, or until woken. */
  async until(time: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#ring = resolve;
      timer = setTimeout(resolve, Math.max(0, time - Date.now()));
    });
    clearTimeout(timer);
  }

  /** Ends the sleep, if there is one. */
  wake(): void {
    this.#ring();
  }
}
