const tests = "\\.test(-d)?\\.tsx?$";

/** Code that an app may bundle: all of src but tests and what they run on. */
const shipped = { path: "^src/", pathNot: [tests, "^src/testing/"] };

/** The same, of some folders. */
const shippedIn = (folders) => ({ path: `^src/(${folders})/`, pathNot: tests });

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-cycle",
      comment: "Files that need each other belong in one file, or on top of a third.",
      severity: "error",
      from: {},
      // Generated code names every module of its folder, which in turn use it.
      to: { circular: true, viaOnly: { pathNot: "/_generated/" } },
    },
    {
      name: "shared-stands-alone",
      comment: "Client and component both build on shared, so it builds on neither.",
      severity: "error",
      from: shippedIn("shared"),
      to: { path: "^(src|example|bench)/", pathNot: "^src/shared/" },
    },
    {
      name: "client-knows-no-component",
      comment: "The client runs in the app, apart from the component, and knows only its type.",
      severity: "error",
      from: shippedIn("client|react|ai"),
      to: { path: "^src/component/", pathNot: "^src/component/_generated/component\\.ts$" },
    },
    {
      name: "component-api-is-a-type",
      comment: "Its value would bundle generated code into the app.",
      severity: "error",
      from: { path: "^src/(client|react|ai)/" },
      to: {
        path: "^src/component/_generated/component\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "entry-points-stay-apart",
      comment:
        "React and the AI SDK are optional: only those who import their entry point need them.",
      severity: "error",
      from: { path: "^src/(client|shared|component)/", pathNot: tests },
      to: { path: "^src/(react|ai)/" },
    },
    {
      name: "component-knows-no-client",
      comment: "The component runs apart from the app that the client runs in.",
      severity: "error",
      from: shippedIn("component"),
      to: { path: "^src/", pathNot: "^src/(component|shared)/" },
    },
    {
      name: "model-below-registrations",
      comment: "Public functions call the model, which calls no public function.",
      severity: "error",
      from: shippedIn("component/model"),
      to: {
        path: "^src/component/",
        pathNot: ["^src/component/(model|_generated)/", "^src/component/schema\\.ts$"],
      },
    },
    {
      name: "src-ships-alone",
      comment: "Example and bench are not in the package.",
      severity: "error",
      from: shipped,
      to: { path: "^(example|bench)/" },
    },
    {
      name: "no-testing-in-shipped-code",
      comment: "What our tests run on is not in the package.",
      severity: "error",
      from: shipped,
      to: { path: ["^src/testing/", tests] },
    },
    {
      name: "no-development-dependency",
      comment: "Apps that install the package do not get its devDependencies.",
      severity: "error",
      from: shipped,
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm", "npm-peer"] },
    },
    {
      name: "no-node-module",
      comment: "Convex's own runtime and browsers have none.",
      severity: "error",
      from: shipped,
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-unresolvable",
      comment: "A rule can't judge what it can't find.",
      severity: "error",
      from: shipped,
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    // Imports of types count: a reader follows them too.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@convex-dev/component-source", "types", "import", "default"],
    },
  },
};
