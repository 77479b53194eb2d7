/** The example's page in Chromium, for tests: as a user sees it, and what its console and network say. */
import { execFileSync } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { AxeResults, RunOptions } from "axe-core";
import { type Browser, chromium, type Page as Tab } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Modules } from "../../src/testing/functions.js";
import { type Page, startPage } from "../embedded/page.js";

/** Where screenshots go. Git ignores it. */
const SCREENSHOTS = new URL("../../.screenshots/", import.meta.url);

export type Options = {
  /** Default: the page itself. */
  path?: string;
  colorScheme?: "light" | "dark";
  width?: number;
  height?: number;
  /** What the console may say. */
  mayLog?: RegExp;
  /** Lets time pass in the tab only as the test says. */
  holdsClock?: boolean;
};

/** Serves the page once for a file's tests, and opens it in tabs of a browser. */
export function usePage(functions: Modules = {}) {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const tabs: Tab[] = [];
  beforeAll(async () => {
    // In a container, where all is root's, it runs only without its sandbox.
    browser = await chromium.launch({ executablePath: pathOfBrowser(), args: ["--no-sandbox"] });
    page = await startPage({ port: await freePort(), functions });
    await mkdir(SCREENSHOTS, { recursive: true });
  });
  afterAll(async () => {
    await browser.close();
    await page.close();
  });
  afterEach(async () => {
    for (const tab of tabs.splice(0)) await tab.context().close();
    expect(problems.splice(0)).toEqual([]);
  });

  /** Opens the page. A test fails where a tab shows an error, asks beyond this machine, or moves what is shown. */
  async function open({
    path = "/",
    colorScheme = "light",
    width = 1200,
    height = 1000,
    mayLog,
    holdsClock = false,
  }: Options = {}) {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width, height },
      reducedMotion: "reduce",
    });
    const tab = await context.newPage();
    tabs.push(tab);
    tab.setDefaultTimeout(60_000);
    tab.on("console", (line) => {
      const isProblem = line.type() === "error" || line.type() === "warning";
      if (isProblem && !mayLog?.test(line.text())) problems.push(line.text());
    });
    tab.on("pageerror", (error) => problems.push(String(error)));
    tab.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol !== "data:" && hostname !== "127.0.0.1") problems.push(request.url());
    });
    await tab.addInitScript(watchShifts);
    if (holdsClock) await tab.clock.install();
    await tab.goto(page.url + path);
    return tab;
  }
  return {
    open,
    /** The requests that the geocoding service answered so far. */
    requests: () => page.services.requests(),
    url: () => page.url,
  };
}

declare global {
  interface Window {
    shifts: string[];
  }
}

/** Writes down what moves though nobody touched the page. */
function watchShifts(): void {
  window.shifts = [];
  type Shift = PerformanceEntry & {
    hadRecentInput: boolean;
    value: number;
    sources: { node: Node | null }[];
  };
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries() as Shift[]) {
      if (value < 0.0001) continue;
      const moved = sources.map(
        ({ node }) => (node as Element | null)?.outerHTML ?? node?.textContent,
      );
      window.shifts.push(`${value.toFixed(4)} ${moved.join(" | ")}`);
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/** The browser that CHROMIUM names, by its path or as a command, or Debian's. */
function pathOfBrowser(): string {
  const command = process.env.CHROMIUM ?? "chromium";
  return execFileSync("which", [command], { encoding: "utf8" }).trim();
}

/** What moved so far; a word that is centred in its badge may. */
export const shiftsOf = (tab: Tab): Promise<string[]> => tab.evaluate(() => window.shifts);

/** What axe finds that keeps people out. */
export async function barriersOf(tab: Tab): Promise<string[]> {
  const source = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  await tab.evaluate(await readFile(source, "utf8"));
  const { violations } = await tab.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(context: Document, options: RunOptions): Promise<AxeResults> };
    };
    return await axe.run(document, { resultTypes: ["violations"] });
  });
  return violations
    .filter(({ impact }) => impact !== "minor")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(", ")}`);
}

export async function screenshot(tab: Tab, name: string): Promise<void> {
  await tab.screenshot({ path: new URL(`${name}.png`, SCREENSHOTS).pathname, fullPage: true });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
