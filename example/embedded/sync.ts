import { setImmediate } from "node:timers/promises";
import type { JSONValue } from "convex/values";
import type { WebSocket } from "ws";
// The client's own types, which it does not export: what is sent here is checked against them.
import type {
  ActionRequest,
  Authenticate,
  encodeClientMessage,
  MutationRequest,
  parseServerMessage,
  QuerySetModification,
  StateVersion,
} from "../../node_modules/convex/dist/esm-types/browser/sync/protocol.js";
import { type Answer, type EmbeddedApp, type Failure, type Outcome, serverError } from "./app.js";

type ClientMessage = ReturnType<typeof encodeClientMessage>;
type ServerMessage = Parameters<typeof parseServerMessage>[0];
type Transition = Extract<ServerMessage, { type: "Transition" }>;
type Version = Omit<StateVersion, "ts"> & { ts: bigint };

/** A client that hears nothing for a minute reconnects. */
const PING_MS = 15_000;
/** For how long a client that was cut off may ask again what became of a mutation. */
const KEPT_MS = 60 * 60_000;

/** The answers to mutations. A client sends a mutation again that it got no answer to. */
export class Answers {
  readonly #answers = new Map<string, Promise<Answer>>();

  /** Runs a mutation, unless this session's request was run already, and resolves to its answer. */
  once(session: string, request: number, run: () => Promise<Answer>): Promise<Answer> {
    const key = `${session} ${request}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = run();
    this.#answers.set(key, answer);
    setTimeout(() => this.#answers.delete(key), KEPT_MS).unref();
    return answer;
  }
}

/** The server's side of the sync protocol on one socket. A client that reconnects begins anew. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #app: EmbeddedApp;
  readonly #answers: Answers;
  #session = "";
  /** What the client is subscribed to, by its id for the query. */
  readonly #queries = new Map<number, { path: string; args: JSONValue }>();
  /** The results that the client has, as JSON. */
  readonly #results = new Map<number, string>();
  /** What the client was brought to with the last transition. */
  #told: Version = { querySet: 0, identity: 0, ts: 0n };
  #querySet = 0;
  #identity = 0;
  /** The client resolves its mutations with a transition to this, which must come after their answers. */
  #awaitedTs = 0n;
  #isStale = false;
  #isUpdating = false;
  #lastMutation: Promise<void> = Promise.resolve();

  constructor(socket: WebSocket, app: EmbeddedApp, answers: Answers) {
    this.#socket = socket;
    this.#app = app;
    this.#answers = answers;
    const stopListening = app.onCommit(() => this.#refresh());
    const ping = setInterval(() => this.#send({ type: "Ping" }), PING_MS);
    socket.on("close", () => {
      stopListening();
      clearInterval(ping);
    });
    socket.on("message", (data: Buffer) => {
      try {
        this.#receive(JSON.parse(data.toString()) as ClientMessage);
      } catch (error) {
        this.#send({ type: "FatalError", error: String(error) });
        socket.close();
      }
    });
  }

  #receive(message: ClientMessage): void {
    switch (message.type) {
      case "Connect":
        this.#session = message.sessionId;
        break;
      case "Authenticate":
        this.#authenticate(message);
        break;
      case "ModifyQuerySet":
        this.#modify(message);
        break;
      case "Mutation":
        // In the order in which the client made them.
        this.#lastMutation = this.#lastMutation.then(() => this.#mutate(message));
        break;
      case "Action":
        void this.#act(message);
        break;
      case "Event":
        break;
      default:
        throw new Error("A message of an unknown type");
    }
  }

  #authenticate({ tokenType, baseVersion }: Authenticate): void {
    if (tokenType === "None") {
      this.#identity = baseVersion + 1;
      this.#refresh();
    } else {
      const error = "This app has no auth provider";
      this.#send({ type: "AuthError", error, baseVersion, authUpdateAttempted: true });
    }
  }

  #modify({ baseVersion, newVersion, modifications }: QuerySetModification): void {
    if (baseVersion !== this.#querySet) {
      throw new Error(`The query set is at version ${this.#querySet}, not ${baseVersion}`);
    }
    this.#querySet = newVersion;
    for (const change of modifications) {
      if (change.type === "Remove") this.#queries.delete(change.queryId);
      else this.#queries.set(change.queryId, { path: pathOf(change), args: change.args[0]! });
    }
    this.#refresh();
  }

  async #mutate(request: MutationRequest): Promise<void> {
    const { requestId, args } = request;
    const answer = await this.#answers.once(this.#session, requestId, () =>
      this.#app.call("mutation", pathOf(request), args[0]!),
    );
    const response = { type: "MutationResponse" as const, requestId, logLines: [] };
    if (!answer.success) return this.#send({ ...response, ...failure(answer) });
    this.#send({ ...response, success: true, result: answer.value, ts: encoded(answer.ts) });
    if (answer.ts > this.#awaitedTs) this.#awaitedTs = answer.ts;
    this.#refresh();
  }

  async #act(request: ActionRequest): Promise<void> {
    const { requestId, args } = request;
    const answer = await this.#app.call("action", pathOf(request), args[0]!);
    const response = { type: "ActionResponse" as const, requestId, logLines: [] };
    if (!answer.success) return this.#send({ ...response, ...failure(answer) });
    this.#send({ ...response, success: true, result: answer.value });
  }

  /** Has the client told of what changed, soon. */
  #refresh(): void {
    this.#isStale = true;
    if (!this.#isUpdating) void this.#update();
  }

  async #update(): Promise<void> {
    this.#isUpdating = true;
    while (this.#isStale && this.#socket.readyState === this.#socket.OPEN) {
      // All that comes in this turn costs one run.
      await setImmediate();
      this.#isStale = false;
      await this.#transition();
    }
    this.#isUpdating = false;
  }

  async #transition(): Promise<void> {
    const asked = { querySet: this.#querySet, identity: this.#identity };
    const queries = [...this.#queries];
    const answers = await Promise.all(
      queries.map(([, { path, args }]) => this.#app.call("query", path, args)),
    );
    const now = { ...asked, ts: answers[0]?.ts ?? this.#app.commitTs };
    // A commit came between them: together they would show what never was. The next run follows.
    if (answers.some(({ ts }) => ts !== now.ts)) return;
    // Before what a mutation wrote goes its answer, which is sent in the turn of its commit: then the
    // client drops an optimistic update as it gets the result.
    await setImmediate();

    const modifications: Transition["modifications"] = [];
    for (const [index, [queryId]] of queries.entries()) {
      const { ts: _, ...outcome } = answers[index]!;
      const json = JSON.stringify(outcome);
      if (!this.#queries.has(queryId) || this.#results.get(queryId) === json) continue;
      this.#results.set(queryId, json);
      modifications.push(modification(queryId, outcome));
    }
    for (const queryId of this.#results.keys()) {
      if (this.#queries.has(queryId)) continue;
      this.#results.delete(queryId);
      modifications.push({ type: "QueryRemoved", queryId });
    }
    const isAwaited = this.#awaitedTs > 0n && this.#awaitedTs <= now.ts;
    const isNews =
      modifications.length > 0 ||
      now.querySet !== this.#told.querySet ||
      now.identity !== this.#told.identity ||
      isAwaited;
    if (!isNews) return;
    if (isAwaited) this.#awaitedTs = 0n;
    const startVersion = { ...this.#told, ts: encoded(this.#told.ts) };
    const endVersion = { ...now, ts: encoded(now.ts) };
    this.#send({ type: "Transition", startVersion, endVersion, modifications });
    this.#told = now;
  }

  #send(message: ServerMessage): void {
    this.#socket.send(JSON.stringify(message));
  }
}

/** One of a component's is no path of the app's, so clients call no component. */
function pathOf({ udfPath, componentPath }: { udfPath: string; componentPath?: string }): string {
  return componentPath ? `${componentPath}/${udfPath}` : udfPath;
}

function modification(queryId: number, outcome: Outcome): Transition["modifications"][number] {
  const common = { queryId, logLines: [], journal: null };
  if (outcome.success) return { type: "QueryUpdated", ...common, value: outcome.value };
  const { errorMessage, errorData } = serverError(outcome);
  // Left out where there is none, though the type has it: `null` would make it a ConvexError.
  return { type: "QueryFailed", ...common, errorMessage, errorData: errorData! };
}

function failure(outcome: Failure) {
  const { errorMessage: result, errorData } = serverError(outcome);
  return { success: false, result, errorData } as const;
}

/** A timestamp as the protocol has it: 8 bytes, the lowest first. */
function encoded(ts: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(ts);
  return bytes.toString("base64");
}
