/** Many entries at once. */
import { seed } from "../src/testing/seed.js";
import { type App, TTL } from "./app.js";

/** The argument of the entry with this number; of one length, so that sizes can be compared. */
export const cityOf = (index: number) => `city-${String(index).padStart(6, "0")}`;

/** What is written of an entry: 0.3.1 writes its value twice. */
const COPIES = 2;
/** A transaction writes 16,000 documents, of which an entry is up to three. */
const LEAST_BYTES_EACH = 4 * 1024;

/** Stores entries whose values have this many bytes, and makes sure that they are served. */
export async function seedEntries(app: App, count: number, bytes: number): Promise<void> {
  const value = "x".repeat(bytes);
  const expiresAt = Date.now() + TTL;
  const { name } = app.cache;
  const bytesEach = Math.max(COPIES * bytes, LEAST_BYTES_EACH);
  await seed(app, { count, bytesEach }, (ctx, index) =>
    app.subject.writeEntry(ctx, { name, args: { city: cityOf(index) }, value, expiresAt }),
  );
  if (!(await app.serves(cityOf(count - 1)))) throw new Error("bench: seeded entries are missed");
}
