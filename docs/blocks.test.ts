// @vitest-environment node
import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { type AppFile, appOf, pages, root, SCHEMA } from "./testing/blocks.js";

/** Where the files of the pages' apps seem to be: below the root, so that they find its packages. */
const folder = path.join(root, "docs/.apps");

/** What a page's app has besides its blocks. */
const generated = (text: string): AppFile => ({ code: text, pageLines: [] });

const ofExample = (file: string) =>
  readFileSync(path.join(root, "example/convex/_generated", file), "utf8");

/** What `convex codegen` would write for the modules of an app. */
function apiOf(files: Iterable<string>): string {
  const modules = [...files].flatMap((file) => {
    const [, module] = /^convex\/([a-zA-Z]+)\.ts$/.exec(file) ?? [];
    return module === undefined || module === "schema" ? [] : [module];
  });
  const typeOf = (module: string) => `${module}: typeof import("../${module}.js")`;
  return `
    import type { ApiFromModules, FilterApi, FunctionReference } from "convex/server";
    import type { ComponentApi } from "${path.join(root, "src/component/_generated/component.js")}";
    declare const all: ApiFromModules<{ ${modules.map(typeOf).join("; ")} }>;
    export declare const api: FilterApi<typeof all, FunctionReference<any, "public">>;
    export declare const internal: FilterApi<typeof all, FunctionReference<any, "internal">>;
    export declare const components: {
      actionCache: ComponentApi<"actionCache">;
      modelPool: { workpool: "modelPool" };
      rateLimiter: { rateLimiter: "rateLimiter" };
    };`;
}

const apps = pages.map((page) => ({ page, ...appOf(page) })).filter(({ files }) => files.size > 0);

/** All files of all apps by their paths, with the page that each is of. */
const appFiles = new Map<string, AppFile & { page: string }>();
for (const { page, files } of apps) {
  const all = new Map([["convex/schema.ts", generated(SCHEMA)], ...files]);
  all.set("convex/_generated/api.d.ts", generated(apiOf(files.keys())));
  all.set("convex/_generated/server.d.ts", generated(ofExample("server.d.ts")));
  all.set("convex/_generated/dataModel.d.ts", generated(ofExample("dataModel.d.ts")));
  for (const [name, file] of all) appFiles.set(path.join(folder, page, name), { ...file, page });
}

/** Compiles the apps of all pages at once, as strictly as this repository. */
function compile(): ts.Program {
  const { config } = ts.readConfigFile(path.join(root, "tsconfig.json"), (file) =>
    ts.sys.readFile(file),
  ) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.directoryExists = undefined;
  host.fileExists = (file) => appFiles.has(file) || fileExists(file);
  host.readFile = (file) => appFiles.get(file)?.code ?? readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const code = appFiles.get(file)?.code;
    if (code === undefined) return getSourceFile(file, ...rest);
    return ts.createSourceFile(file, code, rest[0]);
  };
  const stubs = path.join(root, "docs/testing/stubs.d.ts");
  return ts.createProgram([...appFiles.keys(), stubs], options, host);
}

const program = compile();

/** What does not compile on a page, each with the page's line. */
function problemsOf(page: string): string[] {
  return [...appFiles].flatMap(([name, file]) => {
    const source = file.page === page && program.getSourceFile(name);
    if (!source) return [];
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return diagnostics.map(({ start = 0, code, messageText }) => {
      const line = file.pageLines[source.getLineAndCharacterOfPosition(start).line] ?? "generated";
      const message = ts.flattenDiagnosticMessageText(messageText, "\n");
      return `${page}:${line}: TS${code}: ${message} (${path.relative(path.join(folder, page), name)})`;
    });
  });
}

describe("the TypeScript blocks compile", () => {
  test.each(apps)("of $page", ({ page, problems }) => {
    expect([...problems, ...problemsOf(page)]).toEqual([]);
  });

  test("and what the pages' apps rest on", () => {
    expect(program.getGlobalDiagnostics().concat(program.getOptionsDiagnostics())).toEqual([]);
  });
});
