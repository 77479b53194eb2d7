import convexPlugin from "@convex-dev/eslint-plugin";
import eslint from "@eslint/js";
import globals from "globals";
import tseslint from "typescript-eslint";

const convexRules = Object.fromEntries(
  [convexPlugin.configs.recommended]
    .flat()
    .flatMap((config) => [config, ...(config.overrides ?? [])])
    .flatMap((config) => Object.entries(config.rules ?? {})),
);

export default tseslint.config(
  {
    ignores: [
      "dist/**",
      "coverage/**",
      "reports/**",
      ".stryker-tmp/**",
      "docs/.quick-start-*/**",
      "**/_generated/**",
      "convex-runtime.d.ts",
    ],
  },
  eslint.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      globals: globals.node,
      parserOptions: {
        projectService: {
          allowDefaultProject: ["*.js", ".*.js"],
        },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  {
    files: ["*.js", ".*.js"],
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    // Tests take values of any shape, and contexts apart.
    files: ["**/*.test.ts", "src/testing/**/*.ts"],
    rules: {
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    // The plugin's own globs look for a folder named `convex`.
    files: ["src/component/**/*.ts", "example/convex/**/*.ts"],
    ignores: ["**/*.test.ts"],
    plugins: { "@convex-dev": convexPlugin },
    rules: convexRules,
  },
);
