// Mutation testing: changes the code in small ways and lists the changes that no test notices. All of src
// takes hours, so name files: npm run mutate -- --mutate src/shared/key.ts
export default {
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutate.config.js" },
  mutate: [
    "src/**/*.ts",
    "!src/**/*.{test,test-d,d}.ts",
    "!src/testing/**",
    "!src/**/_generated/**",
  ],
  reporters: ["clear-text", "html", "progress"],
  clearTextReporter: { reportTests: false },
  // Only what changed since the last run is run again.
  incremental: true,
};
