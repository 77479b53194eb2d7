/** What single operations cost, for values of one size. */
import { getConvexSize } from "convex/values";
import { callsOf, type Usage } from "./account.js";
import { App, type Subject, TTL } from "./app.js";
import { advance } from "./clock.js";
import { holdTimers } from "./timers.js";

const KIB = 1024;
/** The sizes of values that are measured, in bytes. */
export const SIZES = { "100 B": 100, "14 KB": 14 * KIB, "500 KB": 500 * KIB } as const;

/** Longer than a result is reused of a query that reads the clock. */
const MINUTE = 60_000;
/** How many callers ask at once. */
export const CALLERS = 20;

/** An operation: what there is before it, and what is measured. */
type Operation = {
  prepare?: (app: App) => Promise<unknown>;
  perform: (app: App) => Promise<unknown>;
};

/** The operations that are measured, by what they are called in the tables. */
const OPERATIONS = {
  hit: {
    prepare: (app) => app.fetch("NYC"),
    perform: (app) => app.fetch("NYC"),
  },
  "the same hit a minute later": {
    prepare: async (app) => {
      await app.fetch("NYC");
      await app.fetch("NYC");
      advance(MINUTE);
    },
    perform: (app) => app.fetch("NYC"),
  },
  "hit after a clear of its name": {
    // What the clear deletes behind itself is not part of it, and never runs.
    prepare: (app) =>
      holdTimers(async () => {
        await app.fetch("NYC");
        await app.act((ctx) => app.cache.removeAllForName(ctx));
        await app.fetch("NYC");
      }),
    perform: (app) => app.fetch("NYC"),
  },
  miss: {
    perform: (app) => app.fetch("NYC"),
  },
  "miss of an expired entry": {
    prepare: async (app) => {
      await app.fetch("NYC");
      advance(TTL + MINUTE);
    },
    perform: (app) => app.fetch("NYC"),
  },
  "forced refresh": {
    prepare: (app) => app.fetch("NYC"),
    perform: (app) => app.fetch("NYC", { force: true }),
  },
  "20 at once, nothing stored": {
    perform: async (app) => {
      holdUntilAllHaveLooked(app);
      await Promise.all(Array.from({ length: CALLERS }, () => app.fetch("NYC")));
    },
  },
  "NYC, LA, NYC, nothing stored": {
    perform: (app) =>
      app.act((ctx) =>
        Promise.all(["NYC", "LA", "NYC"].map((city) => app.cache.fetch(ctx, { city }))),
      ),
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;
export const operationNames = Object.keys(OPERATIONS) as OperationName[];

/** What an operation used, and how much of the writing went where. */
export type Cost = Usage & {
  calls: number;
  /** Writes to the table of values, and to that of expiries. */
  valueWrites: number;
  metadataWrites: number;
};

/** Measures an operation on an app of its own. */
export async function measure(
  subject: Subject,
  operation: OperationName,
  bytes: number,
): Promise<Cost> {
  const { prepare, perform }: Operation = OPERATIONS[operation];
  const app = new App(subject);
  app.answer = () => valueOf(bytes);
  await prepare?.(app);
  app.account.reset();
  await perform(app);
  const { account } = app;
  return {
    ...account.usage,
    calls: callsOf(account.usage),
    valueWrites: account.writesTo("values"),
    metadataWrites: account.writesTo("metadata"),
  };
}

/** A value of this many bytes, by Convex's own measure. */
export function valueOf(bytes: number): string {
  return "x".repeat(bytes - getConvexSize(""));
}

/** Lets the action end when all callers have looked, so that none comes late. */
function holdUntilAllHaveLooked(app: App): void {
  const { answer } = app;
  app.answer = async () => {
    while (app.account.usage.queries < CALLERS) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return answer();
  };
}
