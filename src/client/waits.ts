import type { FunctionReturnType } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { SECOND } from "../shared/time.js";
import { Alarm } from "../shared/alarm.js";
import { uncarryError } from "../shared/failures.js";
import type { Entry, Place } from "./session.js";

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
  token: string;
  since: number;
  /** When the lease lapses, as far as is known. */
  deadline: number;
  /** How often the lease has gone to another fill. */
  followed: number;
  pollAt: number;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
};

const FIRST_POLL_MS = 100;
const MIN_POLL_MS = 50;
/** The next poll comes after this part of the time that the fill has run. */
const POLL_GROWTH = 0.6;
const MAX_POLL_MS = 4 * SECOND;
/** Polls that are due so close together share a query. */
const SLACK_MS = 20;
/** A lease that goes from one forced refresh to the next is not followed for ever. */
const MAX_FOLLOWED = 2;
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
  readonly #waits = new Set<Wait>();
  readonly #alarm = new Alarm();
  #polling = false;

  constructor(private readonly poll: (place: Place, token: string) => Promise<Status>) {}

  /** Waits until a fill has ended. Rejects if that can't be found out until its lease has lapsed. */
  for(place: Place, { token, since, deadline, lastFillMs }: Held): Promise<Outcome> {
    const expected = Math.max(since + (lastFillMs ?? FIRST_POLL_MS), Date.now() + MIN_POLL_MS);
    const pollAt = Math.min(expected + jittered(MIN_POLL_MS), deadline + GRACE_MS);
    return new Promise((resolve, reject) => {
      this.#waits.add({ place, token, since, deadline, followed: 0, pollAt, resolve, reject });
      if (this.#polling) this.#alarm.wake();
      else void this.#pollUntilAllEnded();
    });
  }

  async #pollUntilAllEnded(): Promise<void> {
    this.#polling = true;
    while (this.#waits.size > 0) {
      await this.#alarm.until(Math.min(...[...this.#waits].map(({ pollAt }) => pollAt)));
      const due = [...this.#waits].filter(({ pollAt }) => pollAt <= Date.now() + SLACK_MS);
      await Promise.all(due.map((wait) => this.#pollOne(wait)));
    }
    this.#polling = false;
  }

  async #pollOne(wait: Wait): Promise<void> {
    try {
      const { entry, fill } = await this.poll(wait.place, wait.token);
      const pending = fill?.state === "running" || fill?.state === "scheduled";
      if (pending && Date.now() < fill.deadline + GRACE_MS) {
        wait.deadline = fill.deadline;
        wait.pollAt = nextPoll(wait);
      } else if (fill?.successor !== undefined && wait.followed < MAX_FOLLOWED) {
        wait.token = fill.successor;
        wait.followed += 1;
        wait.pollAt = Date.now() + jittered(MIN_POLL_MS);
      } else {
        this.#waits.delete(wait);
        wait.resolve(outcomeOf(fill, entry));
      }
    } catch (error) {
      wait.pollAt = nextPoll(wait);
      if (Date.now() < wait.deadline + GRACE_MS) return;
      this.#waits.delete(wait);
      wait.reject(error);
    }
  }
}

function outcomeOf(fill: Status["fill"], entry: Status["entry"]): Outcome {
  if (fill?.state === "stored" && entry !== null) return { kind: "stored", entry };
  if (fill?.state === "failed") return { kind: "failed", error: uncarryError(fill.error) };
  return { kind: fill?.state === "skipped" ? "unshared" : "lost" };
}

function nextPoll(wait: Wait): number {
  const now = Date.now();
  const interval = Math.min(Math.max((now - wait.since) * POLL_GROWTH, MIN_POLL_MS), MAX_POLL_MS);
  return Math.min(now + jittered(interval), wait.deadline + GRACE_MS);
}

const jittered = (ms: number) => ms * (0.8 + 0.4 * Math.random());
