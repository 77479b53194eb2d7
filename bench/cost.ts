/** What single operations cost, for values of 14 KB. */
import { getConvexSize } from "convex/values";
import { callsOf, type Usage } from "./account.js";
import { App, type Subject, TTL } from "./app.js";
import { advance, holdTimers } from "./clock.js";

const KIB = 1024;
/** The size of the values, in bytes. */
const V = 14 * KIB;

/** Longer than a result is reused of a query that reads the clock. */
const MINUTE = 60_000;
/** How many callers ask at once. */
const CALLERS = 20;

/** An operation: what there is before it, what is measured, and the most that it may use. */
type Operation = {
  prepare?: (app: App) => Promise<unknown>;
  perform: (app: App) => Promise<unknown>;
  limits?: Partial<Record<keyof Cost, number>>;
};

/** The operations that are measured, by what they are called in the tables. */
const OPERATIONS = {
  hit: {
    prepare: (app) => app.fetch("NYC"),
    perform: (app) => app.fetch("NYC"),
    limits: { calls: 1, handles: 0, documentsRead: 1, bytesRead: V + KIB },
  },
  "the same hit a minute later": {
    prepare: async (app) => {
      await app.fetch("NYC");
      await app.fetch("NYC");
      advance(MINUTE);
    },
    perform: (app) => app.fetch("NYC"),
    limits: { calls: 1, handles: 0, documentsRead: 0, bytesRead: 0 },
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
    limits: { calls: 1, documentsRead: 2 },
  },
  miss: {
    perform: (app) => app.fetch("NYC"),
    limits: {
      calls: 4,
      handles: 0,
      valueWrites: 1,
      metadataWrites: 1,
      bytesRead: KIB - 1,
      bytesWritten: V + KIB,
    },
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
    limits: { calls: 3, handles: 0, bytesRead: 2 * V + KIB, bytesWritten: V + KIB },
  },
  "20 at once, nothing stored": {
    perform: async (app) => {
      holdUntilAllHaveLooked(app);
      await Promise.all(Array.from({ length: CALLERS }, () => app.fetch("NYC")));
    },
    limits: { actions: 1 },
  },
  "20 at once, of which the first fills": {
    perform: async (app) => {
      holdUntilAllHaveLooked(app);
      const first = app.fetch("NYC");
      while (app.account.usage.actions === 0) await turn();
      const others = Array.from({ length: CALLERS - 1 }, () => app.fetch("NYC"));
      await Promise.all([first, ...others]);
    },
    limits: { actions: 1, calls: 45 },
  },
  "NYC, LA, NYC, nothing stored": {
    perform: (app) =>
      app.act((ctx) =>
        Promise.all(["NYC", "LA", "NYC"].map((city) => app.cache.fetch(ctx, { city }))),
      ),
    limits: { calls: 6, actions: 2 },
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;
export const operationNames = Object.keys(OPERATIONS) as OperationName[];

/** The most that an operation may use, with 1 KB for what an entry holds besides its value. */
export const limitsOf = (operation: OperationName) =>
  (OPERATIONS[operation] as Operation).limits ?? {};

/** What an operation used, and how much of the writing went where. */
export type Cost = Usage & {
  calls: number;
  /** Writes to the table of values, and to that of expiries. */
  valueWrites: number;
  metadataWrites: number;
};

/** Measures an operation on an app of its own. */
export async function measure(subject: Subject, operation: OperationName): Promise<Cost> {
  const { prepare, perform }: Operation = OPERATIONS[operation];
  const app = new App(subject);
  app.answer = () => "x".repeat(V - getConvexSize(""));
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

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

/** Lets the action end when all callers have looked, so that none comes late. */
function holdUntilAllHaveLooked(app: App): void {
  const { answer } = app;
  app.answer = async () => {
    while (app.account.usage.queries < CALLERS) {
      await turn();
    }
    return answer();
  };
}
