import { expect, test } from "vitest";
import { usePage } from "./browser.js";

const page = usePage();

/** What the hook says, and how often its component was rendered. */
async function watch(query: string) {
  const tab = await page.open({ path: `/browser/fixture.html?${query}`, holdsClock: true });
  const output = tab.locator("output");
  await output.waitFor();
  await tab.clock.pauseAt(await tab.evaluate(() => Date.now() + 1));
  return { tab, says: () => output.textContent(), pass: (ms: number) => tab.clock.runFor(ms) };
}

test("a component is rendered again when its entry's time comes, and only then", async () => {
  const { says, pass } = await watch("fresh=60000&stale=120000");
  expect(await says()).toBe("fresh 1");
  await pass(50_000);
  expect(await says()).toBe("fresh 1");
  await pass(10_000);
  expect(await says()).toBe("stale 2");
  await pass(50_000);
  expect(await says()).toBe("stale 2");
  await pass(10_000);
  expect(await says()).toBe("expired 3");
});

test("an entry without end stays fresh", async () => {
  const { says, pass } = await watch("");
  await pass(100_000_000);
  expect(await says()).toBe("fresh 1");
});

test("a time further away than a timer reaches is waited for", async () => {
  const month = 30 * 24 * 60 * 60_000;
  const { says, tab } = await watch(`fresh=${month}`);
  await tab.clock.fastForward(month - 60_000);
  expect(await says()).toBe("fresh 1");
  await tab.clock.fastForward(60_000);
  expect(await says()).toBe("stale 2");
});

test("a new entry is waited for in place of the old one, and none has no freshness", async () => {
  const { tab, says, pass } = await watch("fresh=500");
  await pass(500);
  expect(await says()).toMatch("stale");
  await tab.getByRole("button", { name: "Refill" }).click();
  expect(await says()).toMatch("fresh");
  await pass(1000);
  expect(await says()).toMatch("stale");
  await tab.getByRole("button", { name: "Remove" }).click();
  expect(await says()).toMatch("null");
});
