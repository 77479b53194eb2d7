/** Watches whether functions look at the clock. */
import { type Modules, replaceHandlers } from "./functions.js";

/**
 * Tells when the handler that is running asks for the time. convex-test keeps
 * what a handler assigns to a global for that one call.
 */
export function watchClock(read: () => void): void {
  const { performance } = globalThis;
  globalThis.Date = new Proxy(Date, {
    get(real, property) {
      if (property === "now") read();
      return Reflect.get(real, property) as unknown;
    },
    construct(real, args: unknown[]) {
      if (args.length === 0) read();
      return new real(...(args as [number]));
    },
    apply(real) {
      read();
      return real();
    },
  });
  const now = () => {
    read();
    return performance.now();
  };
  globalThis.performance = { now } as Performance;
}

function refuse(): never {
  throw new Error("the clock was read");
}

/** Modules in one of which the functions named throw as soon as they look at the clock. */
export function withoutClock(modules: Modules, path: string, names: string[]): Modules {
  const load = modules[path];
  if (load === undefined) throw new Error(`no module ${path}`);
  const clockless = replaceHandlers({ [path]: load }, ({ _handler }, name) => (...args) => {
    if (names.includes(name)) watchClock(refuse);
    return _handler(...args);
  });
  return { ...modules, ...clockless };
}
