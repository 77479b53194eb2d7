/** The functions in modules, as convex-test takes them. */

/** A component's or an app's files, by their paths. */
export type Modules = Record<string, () => Promise<unknown>>;

export type Handler = (...args: unknown[]) => unknown;
export type Registered = { _handler: Handler; isQuery?: true; isMutation?: true };

/** The same modules, with another handler in place of each function's own. */
export function replaceHandlers(
  modules: Modules,
  replace: (registered: Registered, name: string, file: string) => Handler,
): Modules {
  const replaced = (file: string, load: Modules[string]) => async () => {
    const exported = Object.entries((await load()) as Record<string, unknown>);
    return Object.fromEntries(
      exported.map(([name, value]) => [
        name,
        isRegistered(value) ? { ...value, _handler: replace(value, name, file) } : value,
      ]),
    );
  };
  return Object.fromEntries(
    Object.entries(modules).map(([file, load]) => [file, replaced(file, load)]),
  );
}

function isRegistered(value: unknown): value is Registered {
  return typeof value === "function" && "_handler" in value;
}
