import { AsyncLocalStorage } from "node:async_hooks";
import type { GenericActionCtx, GenericDataModel, GenericQueryCtx } from "convex/server";

/** What a deployment would be billed for, in Convex's units. */
export interface Usage {
  functionCalls: number;
  documentsRead: number;
  documentsWritten: number;
  bytesRead: number;
  bytesWritten: number;
}

type Handler<Ctx> = (ctx: Ctx, args: unknown) => unknown;
interface RegisteredAction {
  isAction: true;
  _handler: Handler<GenericActionCtx<GenericDataModel>>;
}
interface RegisteredTransaction {
  _handler: Handler<GenericQueryCtx<GenericDataModel>>;
}

/** Loads a file of functions. The keys of `Modules` are paths, as `import.meta.glob` makes them. */
type Load = () => Promise<Record<string, unknown>>;
export type Modules = Record<string, Load>;

/** Counts the calls of functions, and what they read and write, while the functions stay as they are. */
export class Meter {
  #usage: Usage = noUsage();
  #transaction = new AsyncLocalStorage<{ isOpen: boolean }>();

  /** What was used since the last time it was asked. */
  take(): Usage {
    const usage = this.#usage;
    this.#usage = noUsage();
    return usage;
  }

  /** The same files, with every function in them counted. */
  counted(modules: Modules): Modules {
    return Object.fromEntries(
      Object.entries(modules).map(([path, load]) => [path, async () => this.#module(await load())]),
    );
  }

  #module(exports: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(exports).map(([name, value]) => [
        name,
        isRegistered(value) ? this.#function(value) : value,
      ]),
    );
  }

  #function(registered: RegisteredAction | RegisteredTransaction): object {
    if ("isAction" in registered) {
      const { _handler } = registered;
      const counted: typeof _handler = (ctx, args) => this.#action(() => _handler(ctx, args));
      return { ...registered, _handler: counted };
    }
    const { _handler } = registered;
    const counted: typeof _handler = (ctx, args) =>
      this.#queryOrMutation(ctx, () => _handler(ctx, args));
    return { ...registered, _handler: counted };
  }

  #action(run: () => unknown): unknown {
    this.#usage.functionCalls += 1;
    return run();
  }

  async #queryOrMutation(
    ctx: GenericQueryCtx<GenericDataModel>,
    run: () => unknown,
  ): Promise<unknown> {
    // What a query or mutation calls within itself is part of it: no call of its own, and read and
    // written in its transaction. A function that it schedules inherits the storage, but starts
    // after the transaction is over.
    if (this.#transaction.getStore()?.isOpen) return await run();
    this.#usage.functionCalls += 1;
    const transaction = { isOpen: true };
    try {
      return await this.#transaction.run(transaction, run);
    } finally {
      transaction.isOpen = false;
      const metrics = await ctx.meta.getTransactionMetrics();
      this.#usage.documentsRead += metrics.documentsRead.used;
      this.#usage.documentsWritten += metrics.documentsWritten.used;
      this.#usage.bytesRead += metrics.bytesRead.used;
      this.#usage.bytesWritten += metrics.bytesWritten.used;
    }
  }
}

function noUsage(): Usage {
  return { functionCalls: 0, documentsRead: 0, documentsWritten: 0, bytesRead: 0, bytesWritten: 0 };
}

function isRegistered(value: unknown): value is RegisteredAction | RegisteredTransaction {
  return typeof value === "function" && "_handler" in value;
}
