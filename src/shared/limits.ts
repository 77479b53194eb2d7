/** Limits of a Convex deployment that the cache stays within, and its own. */
import { DAY, SECOND } from "./time.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Convex refuses documents over 1 MiB, system fields included. */
export const MAX_DOCUMENT_BYTES = MIB;

/** Convex refuses documents nested deeper, the document itself being one level. */
export const MAX_DOCUMENT_NESTING = 16;

/** How deep a value may nest to be stored inside a document, with a level to spare for its scalars. */
export const MAX_INLINE_NESTING = MAX_DOCUMENT_NESTING - 2;

/** Convex refuses values nested deeper. */
export const MAX_NESTING = 64;

/** Convex refuses longer arrays. */
export const MAX_ARRAY_LENGTH = 8192;

/** Convex refuses objects of more fields. */
export const MAX_FIELDS = 1024;

/** A value over this crosses to the component as JSON, since no document could hold it as it is. */
export const MAX_INLINE_BYTES = 960 * KIB;

/** Room in an entry's document for all that is not its name, key, tags and value. */
export const ENTRY_OVERHEAD_BYTES = 2 * KIB;

/** Room in a row of the side table for large values for its fields. */
export const PART_OVERHEAD_BYTES = KIB;

/** Bytes of JSON in a row of that table. */
export const PART_BYTES = MAX_DOCUMENT_BYTES - PART_OVERHEAD_BYTES;

/** Larger values are returned and not stored: a transaction has 1 s of computing time. */
export const MAX_VALUE_BYTES = 4 * MIB;

/** Neither are values whose JSON is larger: a transaction reads and writes 16 MiB. */
export const MAX_JSON_BYTES = 12 * MIB;

/** What the answers of one call add up to at most, past the first. */
export const MAX_PAGE_BYTES = 4 * MIB;

/** Arguments are scheduled together with a fill up to this size, and else stored for it. */
export const MAX_SCHEDULED_BYTES = MAX_DOCUMENT_BYTES / 2;

/** The arguments of a tagged entry are kept for a refill up to this size. */
export const MAX_RECIPE_BYTES = 8 * KIB;

/** The most tags of an entry, and of an invalidation. */
export const MAX_TAGS = 128;

/** The longest tag, tenant id, and name or key of a lock, in characters. */
export const MAX_TAG_LENGTH = 256;

/** The shortest and the longest time that a lock holds without a heartbeat, in ms. */
export const MIN_LOCK_TTL_MS = SECOND;
export const MAX_LOCK_TTL_MS = DAY;

/** How many locks one call lists. */
export const MAX_LISTED_LOCKS = 1000;

/** An error's data is kept for those who wait up to this size. */
export const MAX_ERROR_BYTES = MAX_DOCUMENT_BYTES / 4;

/** A key over this is stored and compared as its SHA-256. */
export const MAX_INLINE_KEY_BYTES = KIB;

/** What the requests of one call add up to at most: its arguments may be 16 MiB. */
export const MAX_ARGUMENT_BYTES = 15 * MIB;

/** How many requests one call of the component takes. */
export const MAX_REQUESTS_PER_CALL = 1000;

/** The largest `batchSize` and page size. */
export const MAX_BATCH_SIZE = 1000;
