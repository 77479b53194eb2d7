/** What the client adds to an app's bundle. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

const OURS = fileURLToPath(new URL("../src/client/index.ts", import.meta.url));
const PEER = createRequire(import.meta.url).resolve("action-cache-0.3.1");

/** The bytes of each version's client, minified and gzipped, without Convex's own. */
export async function measureBundles(): Promise<{ ours: number; peer: number }> {
  return { ours: await bundleBytes(OURS), peer: await bundleBytes(PEER) };
}

async function bundleBytes(entry: string): Promise<number> {
  const built = (await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: true,
      modulePreload: false,
      rolldownOptions: {
        input: entry,
        external: /^convex\//,
        preserveEntrySignatures: "strict",
      },
    },
  })) as Rolldown.RolldownOutput;
  const code = built.output.flatMap((file) => (file.type === "chunk" ? [file.code] : []));
  return gzipSync(code.join("\n")).length;
}
