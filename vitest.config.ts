import path from "node:path";
import { defineConfig, type Plugin } from "vitest/config";

const legacySuite = "node_modules/action-cache-0.3.1/src/component/component.test.ts";
const component = path.resolve(import.meta.dirname, "src/component");

/** Runs the suite that 0.3.1 was published with, unchanged, against our component. */
const legacySuiteAgainstOurs: Plugin = {
  name: "legacy-suite-against-ours",
  enforce: "pre",
  resolveId(source, importer) {
    if (!importer?.endsWith(legacySuite) || !source.startsWith("./")) return null;
    const ours =
      source === "./setup.test.js" ? "../testing/modules.ts" : source.replace(/\.js$/, ".ts");
    return path.resolve(component, ours);
  },
};

/** Longer than any test takes on a machine that is busy with other things: it ends only what hangs. */
const HANGS_MS = 10 * 60_000;

const testsIn = (suffix: string) =>
  ["src", "example", "bench", "docs"].map((dir) => `${dir}/**/*${suffix}`);
const LONG = ".long.test.ts";
const BROWSER = ".browser.test.ts";

export default defineConfig({
  plugins: [legacySuiteAgainstOurs],
  resolve: { conditions: ["@convex-dev/component-source"] },
  ssr: { resolve: { conditions: ["@convex-dev/component-source"] } },
  test: {
    // Vitest leaves one core to itself, but it has little to do.
    maxWorkers: "100%",
    teardownTimeout: HANGS_MS,
    testTimeout: HANGS_MS,
    hookTimeout: HANGS_MS,
    expect: { poll: { timeout: HANGS_MS } },
    exclude: ["**/node_modules/!(action-cache-0.3.1)/**", "dist/**"],
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          environment: "edge-runtime",
          include: [...testsIn(".test.ts"), legacySuite],
          exclude: [`**/*${LONG}`, `**/*${BROWSER}`],
          typecheck: { enabled: true, include: ["src/**/*.test-d.ts"], spawnTimeout: HANGS_MS },
        },
      },
      {
        extends: true,
        test: {
          name: "long",
          // Bytes are handled many times as fast in Node as in the edge runtime.
          environment: "node",
          include: testsIn(LONG),
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          environment: "node",
          include: testsIn(BROWSER),
          // Each starts a browser, and the page's server.
          fileParallelism: false,
          // What a page does not show by then, it does not show.
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
});
