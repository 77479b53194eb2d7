/** What the client adds to an app's bundle. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

const OURS = fileURLToPath(new URL("../src/client/index.ts", import.meta.url));
const LEGACY = createRequire(import.meta.url).resolve("action-cache-0.3.1");

/** The bytes of each version's client, and of `freshness` alone, minified and gzipped, without Convex's own. */
export async function measureBundles(): Promise<{
  ours: number;
  legacy: number;
  freshness: number;
}> {
  return {
    ours: await bundleBytes("*", OURS),
    legacy: await bundleBytes("*", LEGACY),
    freshness: await bundleBytes("{ freshness }", OURS),
  };
}

async function bundleBytes(names: string, from: string): Promise<number> {
  const built = (await build({
    configFile: false,
    logLevel: "silent",
    plugins: [
      {
        name: "app",
        resolveId: (id) => (id === "app" ? id : null),
        load: (id) => (id === "app" ? `export ${names} from ${JSON.stringify(from)};` : null),
      },
    ],
    build: {
      write: false,
      minify: true,
      modulePreload: false,
      rolldownOptions: { input: "app", external: /^convex\//, preserveEntrySignatures: "strict" },
    },
  })) as Rolldown.RolldownOutput;
  const code = built.output.flatMap((file) => (file.type === "chunk" ? [file.code] : []));
  return gzipSync(code.join("\n")).length;
}
