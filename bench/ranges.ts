/** How far queries read, which tells what they conflict with. */
import type { Access } from "../src/testing/syscalls.js";

type Range = Extract<Access, { kind: "range" }>;
type Syscalls = {
  readonly syscall: (op: string, jsonArgs: string) => string;
  readonly asyncSyscall: (op: string, jsonArgs: string) => Promise<string>;
};
type Query = { operators: { limit?: number }[] };

const exhausted = new WeakSet<Access>();
const open = new Map<number, { range: Range; limit: number }>();
let accesses: () => Access[] = () => [];
let installed: unknown;

/**
 * Whether a query read to the end of its range; otherwise it stopped at the last
 * document that it was given.
 */
export const isExhausted = (range: Access) => exhausted.has(range);

/** Starts to follow the queries among these accesses; to be called after they are observed. */
export function followRanges(of: () => Access[]): void {
  accesses = of;
  const globals = globalThis as unknown as { Convex: Syscalls };
  if (globals.Convex === installed) return;
  const inner = globals.Convex;
  // Read at each call, because what stands behind them belongs to the app that is running.
  globals.Convex = {
    // The observer's own mark: without it, it would install itself again on top.
    watched: true,
    get syscall() {
      const { syscall } = inner;
      return (op: string, jsonArgs: string) => {
        const answer = syscall(op, jsonArgs);
        if (op === "1.0/queryStream") started(jsonArgs, answer);
        return answer;
      };
    },
    get asyncSyscall() {
      const { asyncSyscall } = inner;
      return async (op: string, jsonArgs: string) => {
        const answer = await asyncSyscall(op, jsonArgs);
        if (op === "1.0/queryStreamNext") advanced(jsonArgs, answer);
        return answer;
      };
    },
    get jsSyscall() {
      return (inner as unknown as { jsSyscall: unknown }).jsSyscall;
    },
  } as Syscalls & { watched: true };
  installed = globals.Convex;
}

function started(jsonArgs: string, answer: string): void {
  const { query } = JSON.parse(jsonArgs) as { query: Query };
  const { queryId } = JSON.parse(answer) as { queryId: number };
  const range = accesses().at(-1);
  if (range?.kind !== "range") throw new Error("bench: a query was not observed");
  const limit = query.operators.find((operator) => operator.limit !== undefined)?.limit;
  open.set(queryId, { range, limit: limit ?? Infinity });
}

/** The answer that ends a query carries no document, so it is short. */
const LONGEST_END = 64;

function advanced(jsonArgs: string, answer: string): void {
  if (answer.length > LONGEST_END || !(JSON.parse(answer) as { done: boolean }).done) return;
  const { queryId } = JSON.parse(jsonArgs) as { queryId: number };
  const query = open.get(queryId);
  if (query !== undefined && query.range.documents.length < query.limit) exhausted.add(query.range);
  open.delete(queryId);
}
