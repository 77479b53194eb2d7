/** Lists of entries, page by page, and what each page reads. */
import type { ActionCache, ListedEntry, ListOptions } from "../client/index.js";
import type { Compute, createApp } from "./app.js";

type App = Pick<ReturnType<typeof createApp>, "act" | "observer">;
type Cache = ActionCache<Compute>;
export type What = Omit<ListOptions, "cursor" | "numItems">;
type Entry = ListedEntry<{ id: number } | null>;

/** Lists all pages, and does something between them. */
export async function listAll(
  { act, observer }: App,
  cache: Cache,
  what: What = {},
  numItems = 1000,
  between: () => Promise<unknown> = () => Promise.resolve(),
) {
  const entries: Entry[] = [];
  const pages: { bytes: number; documents: number; items: number }[] = [];
  for (let cursor: string | null = null; ; await between()) {
    const { bytesRead, documentsRead } = observer.counts;
    const { page, isDone, continueCursor } = await act((ctx) =>
      cache.list(ctx, { ...what, cursor, numItems }),
    );
    entries.push(...(page as Entry[]));
    pages.push({
      bytes: observer.counts.bytesRead - bytesRead,
      documents: observer.counts.documentsRead - documentsRead,
      items: page.length,
    });
    if (isDone) return { entries, ids: entries.map(({ args }) => args?.id), pages };
    cursor = continueCursor;
  }
}

/** The numbers from 0, so many. */
export const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);
