import type { Page as Tab } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { barriersOf, screenshot, shiftsOf, usePage } from "./browser.js";

const page = usePage();

// The inspector below has buttons of the same names.
const button = (tab: Tab, name: string) =>
  tab.locator("main > .columns").getByRole("button", { name, exact: true });
const answer = (tab: Tab) => tab.locator(".answer");
const stored = (tab: Tab) => tab.locator(".entry .badge");
const service = (tab: Tab, name: string) => tab.getByRole("radio", { name });

const sees = (text: () => Promise<string | null>, expected: string | RegExp) =>
  expect.poll(text, { timeout: 60_000 }).toMatch(expected);
const answers = (tab: Tab, expected: string | RegExp) =>
  sees(() => answer(tab).textContent(), expected);
const shows = (tab: Tab, expected: string | RegExp) =>
  sees(() => stored(tab).textContent(), expected);

async function ask(tab: Tab, expected: string | RegExp, name?: string): Promise<void> {
  if (name !== undefined) await tab.getByLabel("Place", { exact: true }).fill(name);
  await button(tab, "Ask").click();
  await answers(tab, expected);
}

let tab: Tab;
beforeEach(async () => {
  tab = await page.open();
  await service(tab, "answers").check();
  await button(tab, "Clear all places").click();
  await shows(tab, "nothing");
});

test("the first to ask fills, and the next get what is stored", async () => {
  await ask(tab, /Berlin \(DE\), 3,426,354 people.*filled/);
  await shows(tab, "fresh");
  await ask(tab, /Berlin.*hit/);
  await ask(tab, /Nobody knows a place of the name Nosuchplace.*filled/, "Nosuchplace");
  await ask(tab, /Nobody knows.*hit/);
});

test("a forced fetch asks again, though the answer is fresh", async () => {
  await ask(tab, "filled");
  const before = page.requests();
  await button(tab, "Force a new answer").click();
  await answers(tab, "filled");
  expect(page.requests()).toBe(before + 1);
});

test("what is expired is served stale while it is refreshed", async () => {
  await ask(tab, "filled");
  await button(tab, "Expire").click();
  await shows(tab, "stale");
  await ask(tab, "stale");
  await shows(tab, "fresh");
  await ask(tab, "hit");
});

test("what is removed, cleared or invalidated is gone", async () => {
  const ways = ["Remove", "Clear all places", "Invalidate the tag country:DE"];
  for (const way of ways) {
    await ask(tab, "filled");
    await button(tab, way).click();
    await shows(tab, "nothing");
  }
  await ask(tab, "filled", "Tokyo");
  await ask(tab, "filled", "Berlin");
  await button(tab, "Invalidate the tag country:DE").click();
  await shows(tab, "nothing");
  await ask(tab, "hit", "Tokyo");
});

test("another tab sees what happens, without being reloaded", async () => {
  const other = await page.open();
  await shows(other, "nothing");
  await ask(tab, "filled");
  await shows(other, "fresh");
  await button(tab, "Expire").click();
  await shows(other, "stale");
  await button(tab, "Remove").click();
  await shows(other, "nothing");
  await service(tab, "takes 4 seconds").check();
  await expect.poll(() => service(other, "takes 4 seconds").isChecked()).toBe(true);
});

test("50 people at once make one request", async () => {
  const before = page.requests();
  await button(tab, "50 people at once").click();
  await answers(tab, "50 answers, 1 upstream request");
  expect(page.requests()).toBe(before + 1);
  await screenshot(tab, "crowd");
});

test("an outage is bridged by what is stored, and recovered from", async () => {
  await ask(tab, "filled");
  await service(tab, "is down").check();
  await button(tab, "Expire").click();
  await shows(tab, "stale");
  await ask(tab, "stale");
  await ask(tab, /The geocoding service is down.*failed/, "Hamburg");
  await screenshot(tab, "outage");
  await service(tab, "answers").check();
  await expect
    .poll(
      async () => {
        await ask(tab, /hit|stale/, "Berlin");
        return await stored(tab).textContent();
      },
      { timeout: 60_000, interval: 1000 },
    )
    .toBe("fresh");
});

test("a slow service is not waited for where a stale answer will do", async () => {
  await ask(tab, "filled");
  await service(tab, "takes 4 seconds").check();
  await button(tab, "Expire").click();
  await shows(tab, "stale");
  await ask(tab, "stale");
  await sees(() => tab.locator("section[aria-labelledby=entry]").textContent(), "is under way");
  await shows(tab, "fresh");
});

test("the chart counts fetches and upstream requests", async () => {
  const label = () => tab.getByRole("img").first().getAttribute("aria-label");
  await ask(tab, "filled");
  await ask(tab, "hit");
  await sees(label, /\d+ fetches made \d+ upstream requests in the last two minutes/);
});

test("all of it can be done with the keyboard", async () => {
  await tab.getByLabel("Place", { exact: true }).fill("Lagos");
  await tab.keyboard.press("Enter");
  await answers(tab, /Lagos \(NG\)/);
  const reached = [];
  for (let presses = 0; presses < 8; presses += 1) {
    await tab.keyboard.press("Tab");
    reached.push(await tab.evaluate(() => document.activeElement?.textContent));
  }
  expect(reached).toEqual(
    expect.arrayContaining(["Ask", "Force a new answer", "50 people at once", "Expire", "Remove"]),
  );
  await service(tab, "answers").focus();
  await tab.keyboard.press("ArrowRight");
  await expect.poll(() => service(tab, "takes 4 seconds").isChecked()).toBe(true);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1200, 360]) {
    test(`nobody is kept out, and nothing moves: ${colorScheme}, ${width} px wide`, async () => {
      const shown = await page.open({ colorScheme, width });
      await shows(shown, "nothing");
      await ask(shown, "filled");
      await shows(shown, "fresh");
      await ask(shown, "hit");
      expect(await barriersOf(shown)).toEqual([]);
      expect(await shiftsOf(shown)).toEqual([]);
      const overflow = () => document.documentElement.scrollWidth - window.innerWidth;
      expect(await shown.evaluate(overflow)).toBeLessThanOrEqual(0);
      await screenshot(shown, `${colorScheme}-${width}`);
    });
  }
}
