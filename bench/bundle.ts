/** What the client adds to an app's bundle. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

const CLIENT = fileURLToPath(new URL("../src/client/index.ts", import.meta.url));

/**
 * The bytes of the client, and of `freshness` alone, minified and gzipped, without Convex's
 * own. The client is all that has to do with caches: who uses no lock bundles none.
 */
export async function measureBundles(): Promise<{ client: number; freshness: number }> {
  const exported = Object.keys((await import(CLIENT)) as object);
  const client = exported.filter((name) => name !== "Lock").join(", ");
  return {
    client: await bundleBytes(`{ ${client} }`),
    freshness: await bundleBytes("{ freshness }"),
  };
}

async function bundleBytes(names: string): Promise<number> {
  const built = (await build({
    configFile: false,
    logLevel: "silent",
    plugins: [
      {
        name: "app",
        resolveId: (id) => (id === "app" ? id : null),
        load: (id) => (id === "app" ? `export ${names} from ${JSON.stringify(CLIENT)};` : null),
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
