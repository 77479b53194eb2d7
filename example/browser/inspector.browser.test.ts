import { ConvexHttpClient } from "convex/browser";
import type { Page as Tab } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { api } from "../convex/_generated/api.js";
import { barriersOf, screenshot, shiftsOf, usePage } from "./browser.js";

const page = usePage({
  "./refusing.ts": async () => (await import("./functions.js")).refusing,
  "./readOnly.ts": async () => (await import("./functions.js")).readOnly,
});

const INSPECTOR = ".action-cache-inspector";
const part = (tab: Tab, title: string) =>
  tab.locator(`${INSPECTOR} section`).filter({ has: tab.getByRole("heading", { name: title }) });
const sees = (tab: Tab, title: string, text: string | RegExp) =>
  expect.poll(() => part(tab, title).textContent(), { timeout: 60_000 }).toMatch(text);
const rows = (tab: Tab) => part(tab, "Entries").locator("button.entry");
const arguments_ = (tab: Tab) => rows(tab).locator("code").allTextContents();
const choose = (tab: Tab, name: string) => rows(tab).filter({ hasText: name }).click();
const press = (tab: Tab, name: string) =>
  part(tab, "Entry").getByRole("button", { name, exact: true }).click();

let app: ConvexHttpClient;
const ask = (name: string, force = false) => app.action(api.places.ask, { name, force });

beforeEach(async () => {
  app = new ConvexHttpClient(page.url(), { logger: false });
  await app.mutation(api.upstream.setMode, { mode: "normal" });
  await app.mutation(api.places.clear, {});
  await Promise.all(["Berlin", "Hamburg", "Tokyo"].map((name) => ask(name)));
});

const full = (options = {}) =>
  page.open({ path: "/browser/fixture.html?inspect=placesInspector", ...options });

test("entries are listed live, with freshness, size and tags", async () => {
  const tab = await full();
  await expect.poll(() => rows(tab).count()).toBe(3);
  await sees(tab, "Entries", /"berlin".*fresh.*ends in \d+ s\d+ Bcountry:DE/);
  await app.mutation(api.places.expire, { name: "Berlin" });
  await expect.poll(() => rows(tab).filter({ hasText: "berlin" }).textContent()).toMatch("stale");
  await ask("Lagos");
  await expect.poll(() => rows(tab).count()).toBe(4);
  await app.mutation(api.places.clear, {});
  await sees(tab, "Entries", "No entry is found.");
});

test("entries are searched by their arguments and by a tag", async () => {
  const tab = await full();
  await expect.poll(() => rows(tab).count()).toBe(3);
  await tab.getByLabel("Arguments").fill("BERL");
  await expect.poll(() => arguments_(tab)).toEqual(['{"name":"berlin"}']);
  await tab.getByLabel("Arguments").fill("");
  await tab.getByLabel("Tag").fill("country:DE");
  await expect
    .poll(async () => (await arguments_(tab)).sort())
    .toEqual(['{"name":"berlin"}', '{"name":"hamburg"}']);
});

test("an entry is explained with its value, and refreshed, expired and removed", async () => {
  const tab = await full();
  await choose(tab, "berlin");
  await sees(tab, "Entry", /hit What is stored is fresh until .*"population": 3426354/s);
  await press(tab, "Expire");
  await sees(tab, "Entry", /stale What is stored .*It is not fresh any more\./s);
  const before = page.requests();
  await press(tab, "Refresh");
  await sees(tab, "Entry", /hit What is stored is fresh.*A fill is scheduled\./s);
  expect(page.requests()).toBe(before + 1);
  await press(tab, "Remove");
  await sees(tab, "Entry", /miss Nothing is stored.*It is removed\./s);
  await expect.poll(() => rows(tab).count()).toBe(2);
});

test("fills, failures and invalidations come and go", async () => {
  const tab = await full();
  await sees(tab, "Running fills", "None runs.");
  await app.mutation(api.upstream.setMode, { mode: "slow" });
  const asked = ask("Lagos");
  await sees(tab, "Running fills", /places-v1 running, began .*its lease ends in \d+ s/);
  await asked;
  await sees(tab, "Running fills", "None runs.");
  await app.mutation(api.upstream.setMode, { mode: "down" });
  await ask("Cairo");
  await sees(tab, "Remembered failures", /The geocoding service is down.*tried again in \d s/);
  await sees(tab, "Remembered failures", "None is remembered.");
  await app.mutation(api.places.invalidateCountry, { countryCode: "DE" });
  await sees(tab, "Invalidations", "tag country:DE removed just now");
});

test("figures count what is fetched, by the hour", async () => {
  const tab = await full();
  const told = (label: string) =>
    part(tab, "Figures").locator("div").filter({ hasText: label }).locator("dd").first();
  const hits = async () => Number(await told("Hits").textContent());
  await expect.poll(hits).toBeGreaterThanOrEqual(0);
  const before = await hits();
  await ask("Berlin");
  await expect.poll(hits).toBe(before + 1);
  await tab.getByText("As a table").click();
  await expect.poll(() => tab.locator("tbody tr").count()).toBe(24);
});

test("it can be used with the keyboard", async () => {
  const tab = await full();
  await tab.getByLabel("Arguments").fill("tokyo");
  await expect.poll(() => rows(tab).count()).toBe(1);
  await tab.getByLabel("Tag").focus();
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Enter");
  await sees(tab, "Entry", /hit What is stored is fresh/);
  expect(await rows(tab).first().getAttribute("aria-pressed")).toBe("true");
  for (let presses = 0; presses < 20; presses += 1) {
    await tab.keyboard.press("Tab");
    if ((await tab.evaluate(() => document.activeElement?.textContent)) === "Remove") break;
  }
  await tab.keyboard.press("Space");
  await sees(tab, "Entry", "It is removed.");
});

test("whom `allow` refuses is shown nothing", async () => {
  const tab = await page.open({
    path: "/browser/fixture.html?inspect=refusing",
    mayLog: /NOT_ALLOWED|error occurred in/,
  });
  const alert = tab.getByRole("alert");
  await expect.poll(() => alert.textContent()).toMatch("You are not allowed to do this.");
  expect(await tab.locator(INSPECTOR).textContent()).not.toMatch(/places|berlin/i);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => alert.textContent()).toMatch("You are not allowed to do this.");
});

test("who may only look sees no value, and changes nothing", async () => {
  const tab = await page.open({
    path: "/browser/fixture.html?inspect=readOnly",
    mayLog: /NOT_ALLOWED/,
  });
  await choose(tab, "berlin");
  await sees(tab, "Entry", "You are not allowed to see its value.");
  for (const name of ["Refresh", "Expire", "Remove"]) {
    await press(tab, name);
    await sees(tab, "Entry", "You are not allowed to do this.");
  }
  expect(await app.query(api.places.stored, { name: "Berlin" })).not.toBeNull();
});

test("its styles do not leak, and an app's do not leak in", async () => {
  const tab = await full();
  const styleOf = (selector: string) =>
    tab
      .locator(selector)
      .first()
      .evaluate((element) => {
        const { backgroundColor, textTransform, borderRadius } = getComputedStyle(element);
        return { backgroundColor, textTransform, borderRadius };
      });
  const red = { backgroundColor: "rgb(255, 0, 0)", textTransform: "uppercase" };
  expect(await styleOf("#outside button")).toMatchObject(red);
  expect(await styleOf("#outside")).toMatchObject({ ...red, borderRadius: "0px" });
  const ours = { backgroundColor: "rgb(246, 247, 249)", textTransform: "none" };
  expect(await styleOf(`${INSPECTOR} .buttons button`)).toMatchObject(ours);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1200, 360]) {
    test(`nobody is kept out, and nothing moves: ${colorScheme}, ${width} px wide`, async () => {
      const tab = await page.open({ colorScheme, width });
      await choose(tab, "berlin");
      await sees(tab, "Entry", "What is stored is fresh");
      await sees(tab, "Invalidations", "places-v1");
      expect(await shiftsOf(tab)).toEqual([]);
      expect(await barriersOf(tab)).toEqual([]);
      const overflow = () => document.documentElement.scrollWidth - window.innerWidth;
      expect(await tab.evaluate(overflow)).toBeLessThanOrEqual(0);
      await screenshot(tab, `inspector-${colorScheme}-${width}`);
    });
  }
}
