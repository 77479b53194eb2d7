import path from "node:path";
import { defineConfig, type Plugin } from "vitest/config";

const peerSuite = "node_modules/action-cache-0.3.1/src/component/component.test.ts";
const component = path.resolve(import.meta.dirname, "src/component");

/** Runs the suite that 0.3.1 was published with, unchanged, against our component. */
const peerSuiteAgainstOurs: Plugin = {
  name: "peer-suite-against-ours",
  enforce: "pre",
  resolveId(source, importer) {
    if (!importer?.endsWith(peerSuite) || !source.startsWith("./")) return null;
    const ours =
      source === "./setup.test.js" ? "../testing/modules.ts" : source.replace(/\.js$/, ".ts");
    return path.resolve(component, ours);
  },
};

export default defineConfig({
  plugins: [peerSuiteAgainstOurs],
  resolve: { conditions: ["@convex-dev/component-source"] },
  ssr: { resolve: { conditions: ["@convex-dev/component-source"] } },
  test: {
    environment: "edge-runtime",
    include: ["src/**/*.test.ts", "example/**/*.test.ts", "bench/**/*.test.ts", peerSuite],
    exclude: ["**/node_modules/!(action-cache-0.3.1)/**", "dist/**"],
    // Values of 15 MiB pass several times through the mock's base 64, which is slow.
    testTimeout: 180_000,
    typecheck: { enabled: true, include: ["src/**/*.test-d.ts"] },
  },
});
