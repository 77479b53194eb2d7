import type {
  BeginRequest,
  BeginResult,
  FillResult,
  Settlement,
  SettleRequest,
} from "../fillProtocol.js";
import { MAX_PAGE_BYTES } from "../limits.js";
import { Batcher } from "./batcher.js";
import { Heartbeat, lostHeartbeat } from "./heartbeat.js";

/** The component's functions that fills call. */
type Calls = {
  begin: (requests: BeginRequest[]) => Promise<BeginResult[]>;
  heartbeat: (tokens: string[]) => Promise<string[]>;
  settle: (requests: SettleRequest[]) => Promise<Settlement[]>;
};

/** What the fills that run in one context share: those of one tick begin and settle in one call each. */
export class FillCalls {
  readonly heartbeat: Heartbeat;
  readonly #begins: Batcher<BeginRequest, BeginResult>;
  readonly #settles: Batcher<SettleRequest, Settlement>;

  /** @param warn - Says that a heartbeat failed. */
  constructor(calls: Calls, warn: (kind: string, message: string) => void) {
    this.heartbeat = new Heartbeat(calls.heartbeat, (error) => warn(...lostHeartbeat(error)));
    this.#begins = new Batcher(calls.begin);
    // A transaction has computing time for so much. Tokens tell the requests apart.
    const keyOf = ({ token, result: { kind } }: SettleRequest) => token + kind;
    this.#settles = new Batcher(calls.settle, { maxBytes: MAX_PAGE_BYTES, keyOf });
  }

  /** Begins a scheduled fill. */
  async begin(request: BeginRequest): Promise<BeginResult> {
    return (await this.#begins.add(Promise.resolve(request))).result;
  }

  /** Settles a fill whose result may still be in the making. */
  async settle(
    fill: Omit<SettleRequest, "result">,
    result: Promise<FillResult>,
  ): Promise<Settlement> {
    const request = result.then((made) => ({ ...fill, result: made }));
    return (await this.#settles.add(request)).result;
  }
}
