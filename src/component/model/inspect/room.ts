import { MAX_BATCH_SIZE, MAX_DOCUMENT_BYTES, MAX_PAGE_BYTES } from "../../../shared/limits.js";
import type { QueryCtx } from "../../_generated/server.js";
import { hasRoomFor, type Need, ONE_ENTRY, Page } from "../budget.js";

/** Room for one row more, and as much again for the work of the app whose transaction it is. */
const ONE_MORE: Need = {
  bytesRead: MAX_PAGE_BYTES,
  documentsRead: 2 * ONE_ENTRY.documentsRead!,
  databaseQueries: 2 * ONE_ENTRY.databaseQueries!,
};

/** The most rows that one page visits, listed or not: a transaction has 1 s of computing time. */
const MAX_VISITS = MAX_BATCH_SIZE;

/** How far one page of a listing may go on: to so many items, rows and bytes. */
export class Room {
  readonly #ctx: QueryCtx;
  readonly #page: Page;
  readonly #numItems: number;
  #visits = 0;

  private constructor(ctx: QueryCtx, page: Page, numItems: number) {
    this.#ctx = ctx;
    this.#page = page;
    this.#numItems = numItems;
  }

  static async begin(ctx: QueryCtx, numItems: number): Promise<Room> {
    return new Room(ctx, await Page.begin(ctx), numItems);
  }

  /** Whether the page may visit another row after this one, with so many items on it. */
  async isLeft(items: number): Promise<boolean> {
    this.#visits += 1;
    if (items >= this.#numItems || this.#visits === MAX_VISITS) return false;
    const hasBytes = (await this.#page.bytesLeft()) >= MAX_DOCUMENT_BYTES;
    return hasBytes && (await hasRoomFor(this.#ctx, ONE_MORE));
  }
}

/** The first items that rows give, as many as there is room for, and whether these are all. */
export async function listFirst<Row, Item>(
  ctx: QueryCtx,
  rows: AsyncIterable<Row>,
  numItems: number,
  itemOf: (row: Row) => Promise<Item | null> | Item | null,
): Promise<{ items: Item[]; isDone: boolean }> {
  const room = await Room.begin(ctx, numItems);
  const items: Item[] = [];
  let hasRoom = true;
  for await (const row of rows) {
    if (!hasRoom) return { items, isDone: false };
    const item = await itemOf(row);
    if (item !== null) items.push(item);
    hasRoom = await room.isLeft(items.length);
  }
  return { items, isDone: true };
}
