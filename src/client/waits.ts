import type { FunctionReturnType } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { SECOND } from "../shared/time.js";
import type { Entry, Place } from "./session.js";
import { deserializeError } from "./failures.js";

/** How the fill ended that somebody waited for. */
export type Outcome =
  /** It was stored; the entry may be a later one. */
  | { kind: "stored"; entry: Entry }
  /** Its action threw. */
  | { kind: "failed"; error: unknown }
  /** It has a value that is not shared: whoever waits goes on by himself. */
  | { kind: "unshared" }
  /** It was voided, came too late, or its holder is gone: whoever waits claims anew. */
  | { kind: "lost" };

/** What is known of a fill when the wait for it begins; times in ms. */
export type Held = {
  token: string;
  deadline: number;
  since: number;
  lastFillMs: number | null;
};

type Status = FunctionReturnType<ComponentApi["entries"]["read"]>[number];

type Wait = {
  place: Place;
  since: number;
  pollAt: number;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
};

const FIRST_POLL_MS = 100;
const MIN_POLL_MS = 50;
const MAX_POLL_MS = 4 * SECOND;
/** Polls that are due so close together share a query. */
const SLACK_MS = 20;
/** A lease is not taken for lapsed earlier than this after its deadline: clocks differ. */
const GRACE_MS = SECOND;

/**
 * The waits of one context for fills that run elsewhere, with one timer for all.
 *
 * Polls first when the fill has run for as long as the last one of its entry
 * took, then at a part of the time it has run, so that a fill of any length
 * costs a number of polls that grows with its logarithm.
 */
export class Waits {
  readonly #waits = new Map<string, Set<Wait>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly poll: (place: Place, token: string) => Promise<Status>) {}

  /** Waits until a fill has ended. Rejects if that can't be found out. */
  for(place: Place, held: Held): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const expected = held.since + (held.lastFillMs ?? FIRST_POLL_MS);
      const pollAt = Math.max(expected, Date.now() + MIN_POLL_MS) + jittered(MIN_POLL_MS);
      this.#add(held.token, {
        place,
        since: held.since,
        pollAt: Math.min(pollAt, held.deadline + GRACE_MS),
        resolve,
        reject,
      });
      this.#schedule();
    });
  }

  #add(token: string, wait: Wait): void {
    const waits = this.#waits.get(token) ?? new Set();
    this.#waits.set(token, waits.add(wait));
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const pollAt = Math.min(...this.#all().map(([, wait]) => wait.pollAt));
    if (pollAt === Infinity) return;
    this.#timer = setTimeout(() => void this.#pollDue(), Math.max(0, pollAt - Date.now()));
  }

  #all(): [string, Wait][] {
    return [...this.#waits].flatMap(([token, waits]) =>
      [...waits].map((wait): [string, Wait] => [token, wait]),
    );
  }

  async #pollDue(): Promise<void> {
    const due = this.#all().filter(([, wait]) => wait.pollAt <= Date.now() + SLACK_MS);
    for (const [token, wait] of due) this.#remove(token, wait);
    await Promise.all(due.map(([token, wait]) => this.#pollOne(token, wait)));
    this.#schedule();
  }

  #remove(token: string, wait: Wait): void {
    const waits = this.#waits.get(token);
    waits?.delete(wait);
    if (waits?.size === 0) this.#waits.delete(token);
  }

  async #pollOne(token: string, wait: Wait): Promise<void> {
    try {
      const { entry, fill } = await this.poll(wait.place, token);
      switch (fill?.state) {
        case "running":
          if (fill.deadline + GRACE_MS <= Date.now()) return wait.resolve({ kind: "lost" });
          return this.#add(token, {
            ...wait,
            pollAt: nextPoll(wait, fill.deadline),
          });
        case "replaced":
          if (fill.successor === undefined) return wait.resolve({ kind: "lost" });
          return this.#add(fill.successor, {
            ...wait,
            pollAt: Date.now() + jittered(MIN_POLL_MS),
          });
        case "stored":
          return wait.resolve(entry === null ? { kind: "lost" } : { kind: "stored", entry });
        case "failed":
          return wait.resolve({
            kind: "failed",
            error: deserializeError(fill.error),
          });
        case "skipped":
          return wait.resolve({ kind: "unshared" });
        default:
          return wait.resolve({ kind: "lost" });
      }
    } catch (error) {
      wait.reject(error);
    }
  }
}

function nextPoll(wait: Wait, deadline: number): number {
  const now = Date.now();
  const interval = Math.min(Math.max((now - wait.since) * 0.4, MIN_POLL_MS), MAX_POLL_MS);
  return Math.min(now + jittered(interval), deadline + GRACE_MS);
}

const jittered = (ms: number) => ms * (0.8 + 0.4 * Math.random());
