// @vitest-environment node
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { register } from "@convex-dev/action-cache/test";
import { convexTest } from "convex-test";
import { makeFunctionReference } from "convex/server";
import { appOf, root, SCHEMA, textOf } from "./testing/blocks.js";

// The quick start as a reader copies it: its files on disk, with what `convex codegen` adds.
const app = mkdtempSync(path.join(root, "docs/.quick-start-"));
const write = (name: string, code: string) => {
  const file = path.join(app, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, code);
};
for (const [name, { code }] of appOf("README.md").files) write(name, code);
write("convex/schema.ts", SCHEMA);
mkdirSync(path.join(app, "convex/_generated"));
for (const file of ["api.js", "server.js"]) {
  const from = path.join(root, "example/convex/_generated", file);
  copyFileSync(from, path.join(app, "convex/_generated", file));
}

const inApp = <Module>(name: string) =>
  import(/* @vite-ignore */ path.join(app, "convex", name)) as Promise<Module>;

/** A log line's event, whatever time its action took. */
const withoutTime = (line: string): object => {
  const { fillMs, ...event } = JSON.parse(line) as { fillMs?: number };
  return { ...event, hasTime: fillMs !== undefined };
};

beforeAll(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.unstubAllGlobals();
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(app, { recursive: true });
});

// The test that the README shows.
await inApp("embeddings.test.ts");

test("the quick start logs what the README says, and `forget` removes an entry", async () => {
  const modules = Object.fromEntries(
    ["embeddings.ts", "_generated/api.js"].map((name) => [`./${name}`, () => inApp(name)]),
  );
  const { default: schema } = await inApp<{ default: never }>("schema.ts");
  const t = convexTest(schema, modules);
  register(t);
  const requests: string[] = [];
  vi.stubGlobal("fetch", (_url: string, { body }: { body: string }) => {
    requests.push(body);
    return Promise.resolve(Response.json({ data: [{ embedding: [1, 2] }] }));
  });
  const log = vi.mocked(console.log);
  log.mockClear();
  const args = { text: "fish tacos" };
  const embedText = makeFunctionReference<"action">("embeddings:embedText");

  expect(await t.action(embedText, args)).toEqual([1, 2]);
  expect(await t.action(embedText, args)).toEqual([1, 2]);

  expect(requests.map((body) => JSON.parse(body) as unknown)).toEqual([
    { model: "text-embedding-3-small", input: "fish tacos" },
  ]);
  const [, shown = ""] = /```json\n([^]*?)```/.exec(textOf("README.md")) ?? [];
  const logged = log.mock.calls.map(([line]) => line as string);
  expect(logged.map(withoutTime)).toEqual(shown.trim().split("\n").map(withoutTime));

  const forget = makeFunctionReference<"mutation">("embeddings:forget");
  expect(await t.mutation(forget, args)).toBe(true);
  expect(await t.mutation(forget, args)).toBe(false);
  await t.action(embedText, args);
  expect(requests).toHaveLength(2);
});
