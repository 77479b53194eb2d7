/** What the client adds to an app's bundle. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

const CLIENT = fileURLToPath(new URL("../src/client/index.ts", import.meta.url));
/** What is imported of the client, declared once for this and for `npm run check:size`. */
const CHECKS = new URL("../.size-limit.json", import.meta.url);

/**
 * The bytes of the client, and of `freshness` alone, minified and gzipped, without Convex's
 * own. The client is all that has to do with caches: who uses no lock bundles none.
 */
export async function measureBundles(): Promise<{ client: number; freshness: number }> {
  const checks = JSON.parse(await readFile(CHECKS, "utf8")) as { name: string; import: string }[];
  const bytesOf = async (check: string) =>
    await bundleBytes(checks.find(({ name }) => name.startsWith(check))!.import);
  return { client: await bytesOf("client"), freshness: await bytesOf("freshness") };
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
