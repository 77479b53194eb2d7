/** Functions to whom the clock is forbidden, to prove that they do not read it. */

type Modules = Record<string, () => Promise<unknown>>;
type Handler = (...args: unknown[]) => unknown;

function refuse(): never {
  throw new Error("the clock was read");
}

/** `Date`, of which everything is allowed but to ask for the time. */
const clocklessDate = () =>
  new Proxy(Date, {
    get: (real, property) =>
      property === "now" ? refuse : (Reflect.get(real, property) as unknown),
    construct: (real, args: unknown[]) =>
      args.length === 0 ? refuse() : new real(...(args as [number])),
    apply: refuse,
  });

/**
 * Modules as convex-test takes them, in one of which the functions named throw
 * as soon as they look at the clock.
 */
export function withoutClock(modules: Modules, path: string, names: string[]): Modules {
  const load = modules[path];
  if (load === undefined) throw new Error(`no module ${path}`);
  const forbid = async () => {
    const module = (await load()) as Record<string, { _handler: Handler }>;
    const entries = Object.entries(module).map(([name, registered]) => [
      name,
      names.includes(name) ? clockless(registered) : registered,
    ]);
    return Object.fromEntries(entries) as unknown;
  };
  return { ...modules, [path]: forbid };
}

function clockless(registered: { _handler: Handler }) {
  const handler: Handler = (...args) => {
    // convex-test keeps what a handler assigns to a global for that one call.
    globalThis.Date = clocklessDate();
    globalThis.performance = { now: refuse } as unknown as Performance;
    return registered._handler(...args);
  };
  return Object.assign((...args: unknown[]) => handler(...args), registered, {
    _handler: handler,
  });
}
