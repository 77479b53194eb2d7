import type {
  BeginRequest,
  BeginResult,
  FillResult,
  Settlement,
  SettleRequest,
} from "../fillProtocol.js";
import { MAX_PAGE_BYTES } from "../limits.js";
import { batched } from "./batcher.js";
import { type During, heartbeat, lostHeartbeat } from "./heartbeat.js";

/** The component's functions that fills call. */
type Calls = {
  begin: (requests: BeginRequest[]) => Promise<BeginResult[]>;
  heartbeat: (tokens: string[]) => Promise<string[]>;
  settle: (requests: SettleRequest[]) => Promise<Settlement[]>;
};

/** What the fills that run in one context share: those of one tick begin and settle in one call each. */
export type FillCalls = {
  /** Keeps the lease of a fill while it runs. */
  during: During;
  /** Begins a scheduled fill. */
  begin: (request: BeginRequest) => Promise<BeginResult>;
  /** Settles a fill whose result may still be in the making. */
  settle: (fill: Omit<SettleRequest, "result">, result: Promise<FillResult>) => Promise<Settlement>;
};

/** @param warn - Says that a heartbeat failed. */
export function fillCalls(calls: Calls, warn: (kind: string, message: string) => void): FillCalls {
  // A transaction has computing time for so much. Tokens tell the requests apart.
  const keyOf = ({ token, result: { kind } }: SettleRequest) => token + kind;
  const settles = batched(calls.settle, { maxBytes: MAX_PAGE_BYTES, keyOf });
  return {
    during: heartbeat(calls.heartbeat, (error) => warn(...lostHeartbeat(error))),
    begin: batched(calls.begin),
    settle: (fill, result) => settles(result.then((made) => ({ ...fill, result: made }))),
  };
}
