import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { freePort } from "./browser.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const children: ChildProcess[] = [];

/** `npm run example`, and what it has printed. */
function run(...args: string[]) {
  const child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      "--conditions=@convex-dev/component-source",
      "example/embedded/example.ts",
      ...args,
    ],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  children.push(child);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
  }
  return { child, printed: () => printed, ended: once(child, "exit") };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

test("the example says what it starts and where it is, and ends with Ctrl-C", async () => {
  const port = await freePort();
  const { child, printed, ended } = run(String(port));
  await expect.poll(printed).toContain(`Open http://127.0.0.1:${port}`);
  expect(printed()).toMatch(
    /^Starting a geocoding service.*\nStarting the app.*\nStarting its page/,
  );
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect(await response.text()).toContain("<title>Action cache</title>");
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
});

test("a port that is taken is said to be, with what to do", async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const { printed, ended } = run(String(port));
  expect(await ended).toEqual([1, null]);
  expect(printed()).toContain(
    `Port ${port} is taken. End the program that has it, or give another`,
  );
  server.close();
});

test("what is no port is refused", async () => {
  const { printed, ended } = run("here");
  expect(await ended).toEqual([1, null]);
  expect(printed()).toContain("here is no port. Give one from 1 to 65535");
});
