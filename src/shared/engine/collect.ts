import { sleep } from "./alarm.js";

/** An item that was added, and how whoever added it is told what came of it. */
export type Waiting<Item, Result> = {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/**
 * Collects the items of one tick, and hands them over together. Where that fails,
 * so does each of them that is not answered yet.
 *
 * @param windowMs - How long to collect, in ms; 0 for the rest of the tick.
 * @returns What adds an item, and resolves to what came of it.
 */
export function collecting<Item, Result>(
  handOver: (collected: Waiting<Item, Result>[]) => Promise<void>,
  windowMs = 0,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];

  async function collect(): Promise<void> {
    await (windowMs > 0 ? sleep(windowMs) : undefined);
    const collected = waiting;
    waiting = [];
    try {
      await handOver(collected);
    } catch (error) {
      for (const { reject } of collected) reject(error);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) {
        void collect();
      }
      waiting.push({ item, resolve, reject });
    });
}
