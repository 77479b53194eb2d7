import { configDefaults, defineConfig } from "vitest/config";

const conditions = ["@convex-dev/component-source"];

// The tests beside the code, but none that takes long or checks types, since they run for every mutant.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "edge-runtime",
    include: ["src/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "**/*.long.test.ts", "**/interleavings.test.ts"],
    testTimeout: 30_000,
  },
});
