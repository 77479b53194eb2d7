import type { Infer, ObjectType, Value } from "convex/values";
import type { listedEntry, listPage, listRequest } from "../../../shared/inspectProtocol.js";
import { expiryFor, orNever } from "../../../shared/freshness.js";
import { describeKey } from "../../../shared/key.js";
import type { ReadOptions } from "../../../shared/protocol.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { sizeOfEntry } from "../entry/content.js";
import { earlier, expiryOf, residencyOf } from "../entry/rows.js";
import { LAST, listedUnder } from "../invalidation/listing.js";
import { appTag, nameTag, reachOf, sharedTag } from "../invalidation/tags.js";
import { startOfEntry, Validity } from "../invalidation/validity.js";
import { cursorOf, isKeyPosition, isTagPosition, type KeyPosition, positionIn } from "./cursor.js";
import { Room } from "./room.js";

type Request = ObjectType<typeof listRequest>;
/** A row that was visited, null where only a tag is done, and the cursor behind it. */
type Visit = { row: Doc<"values"> | null; cursor: string };

/**
 * A page of the entries of a name that no invalidation removed, all or those of a
 * tenant or with a tag; an expired one is listed with its times. It ends early
 * where the rows are large or mostly not to be listed.
 */
export async function listEntries(
  ctx: QueryCtx,
  request: Request,
): Promise<Infer<typeof listPage>> {
  const validity = new Validity(ctx);
  const room = await Room.begin(ctx, request.numItems);
  const covering = coveringTag(request);
  const page: Infer<typeof listedEntry>[] = [];
  let continueCursor = request.cursor ?? cursorOf(covering, null);
  let isDone = true;
  for await (const { row, cursor } of visit(ctx, request, covering)) {
    continueCursor = cursor;
    const listed =
      row && isAskedFor(row, request) && (await describe(ctx, validity, row, request.read));
    if (listed) page.push(listed);
    isDone = await room.isLeft(page.length);
    if (!isDone) break;
  }
  return { page, isDone, continueCursor };
}

/** What is listed, as the tag that covers it. */
function coveringTag({ name, tenant, tag }: Request): string {
  if (tag === undefined) return nameTag(name, tenant);
  return tenant === undefined ? sharedTag(tag) : appTag(tag, tenant);
}

async function* visit(ctx: QueryCtx, request: Request, covering: string): AsyncGenerator<Visit> {
  const { name, cursor } = request;
  const reach = reachOf(covering);
  if (reach.kind !== "listed") {
    const after = positionIn(name, covering, cursor, isKeyPosition);
    for await (const row of behind(ctx, name, after)) {
      yield { row, cursor: cursorOf(covering, { key: row.args as Value }) };
    }
    return;
  }
  const after = positionIn(name, covering, cursor, isTagPosition);
  for await (const { row: tagRow, position } of listedUnder(ctx, reach, LAST, after)) {
    const { valueId } = tagRow ?? {};
    const row = valueId === undefined ? null : await ctx.db.get("values", valueId);
    yield { row, cursor: cursorOf(covering, position) };
  }
}

/** The rows of a name behind a key. A key has one row, so one that is replaced meanwhile is not listed twice. */
function behind(ctx: QueryCtx, name: string, after: KeyPosition | undefined) {
  return ctx.db.query("values").withIndex("key", (q) => {
    const named = q.eq("name", name);
    return after === undefined ? named : named.gt("args", after.key);
  });
}

/** Other caches have entries under the same tag, and a forged cursor names another. */
function isAskedFor({ name, tags = [] }: Doc<"values">, request: Request): boolean {
  return name === request.name && (request.tag === undefined || tags.includes(request.tag));
}

/** An entry as it is listed; null if an invalidation removed it. */
async function describe(
  ctx: QueryCtx,
  validity: Validity,
  row: Doc<"values">,
  read: ReadOptions,
): Promise<Infer<typeof listedEntry> | null> {
  const { valid, expiredAt } = await validity.of(startOfEntry(row));
  if (!valid) return null;
  const createdAt = Math.floor(row._creationTime);
  const expiresAt = earlier(await expiryOf(ctx, row), expiredAt);
  const residency = read.idleTtl === undefined ? undefined : await residencyOf(ctx, row);
  const expiry = expiryFor({ createdAt, expiresAt, residency }, read);
  return {
    ...describeKey(row.args as Value),
    storedKey: row.args as Value,
    tenant: row.tenant,
    tags: row.tags ?? [],
    bytes: sizeOfEntry(row),
    createdAt,
    expiresAt: orNever(expiry),
    staleUntil: orNever(expiry + read.staleWhileRevalidate),
    fillMs: row.fillMs ?? null,
  };
}
