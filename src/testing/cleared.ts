/** An app for tests of clears: what readers are served, and what is left in the tables. */
import { component, createApp } from "./app.js";

const { get, put } = component.lib;

/** An app whose entries are told apart by name and number, and looked up without a ttl. */
export function createCleared() {
  const app = createApp();
  const { t } = app;
  return {
    ...app,
    store: (name: string, id: number, ttl: number | null = null) =>
      t.mutation(put, { name, args: { id }, value: id, ttl }),
    /** What readers are served of the entries numbered 1 to 4 of a name. */
    served: async (name: string) => {
      const answers = await Promise.all(
        [1, 2, 3, 4].map((id) => t.query(get, { name, args: { id }, ttl: null })),
      );
      return answers.flatMap((answer) => (answer.kind === "hit" ? [answer.value as number] : []));
    },
    /** Which entries lie in the table, valid or not. */
    rows: async () =>
      (await app.stored()).values.map(({ name, args }) => `${name}:${(args as { id: number }).id}`),
  };
}
