// `npm start`: the app of example/convex at work on real data, with nothing but this machine.
import { startBackend } from "./backend.js";
import { type Check, checkFirstPass, checkSecondPass } from "./checks.js";
import { biggestCities, cities } from "./cities.js";
import { checkEdit, checkRollback } from "./edits.js";
import { checkOneRefresh, checkOutage, checkRecovery, checkStaleService } from "./freshness.js";
import { checkClearing, checkExpiry, checkForcedRefresh, checkRemoval } from "./lifecycle.js";
import { CapturedLog } from "./log.js";
import { runPass, type Setting } from "./pass.js";
import { checkLine, integer, passTable } from "./report.js";
import { startServices } from "./server.js";
import { zipfTraffic } from "./traffic.js";

const PLACES = 400;
const LOOKUPS = 1_000;
const SEED = 1;

const print = (text = "") => process.stdout.write(`${text}\n`);

/** Resolves to whether all checks passed. */
async function run(setting: Setting): Promise<boolean> {
  const places = biggestCities(PLACES);
  const traffic = zipfTraffic(places, LOOKUPS, SEED);
  print(
    `Looking up ${integer(LOOKUPS)} times one of the ${PLACES} biggest cities, popular ones more ` +
      `often, twice over.\nThe service at ${setting.server.url} searches ` +
      `${integer(cities.length)} cities of GeoNames for each request.\n`,
  );
  const first = await runPass("First pass", traffic, setting);
  const second = await runPass("Second pass", traffic, setting);
  print(`\n${passTable([first, second])}`);
  print(
    "One function call a lookup is the lookup itself. Every hit here reads its entry from the database;\n" +
      "a deployment answers a repeated one from its query cache, and reads nothing.\n",
  );

  const [biggest, ...others] = places;
  const checks: (() => Check | Promise<Check>)[] = [
    () => checkFirstPass(first, new Set(traffic).size),
    () => checkSecondPass(second),
    () => checkExpiry(biggest!, setting),
    () => checkForcedRefresh(biggest!, setting),
    () => checkRemoval(biggest!, setting),
    () => checkClearing([biggest!, ...others.slice(0, 9)], setting),
    () => checkStaleService(biggest!, setting),
    () => checkOneRefresh(biggest!, setting),
    () => checkOutage(biggest!, setting),
    () => checkRecovery(biggest!, setting),
    () => checkEdit(places.slice(0, 10), setting),
    () => checkRollback(places.slice(0, 10), setting),
  ];
  let allPassed = true;
  for (const check of checks) {
    const result = await check();
    print(checkLine(result));
    allPassed &&= result.passed;
  }
  return allPassed;
}

const server = await startServices();
process.env.GEOCODING_BASE_URL = server.url;
process.env.FORECAST_BASE_URL = server.url;
process.env.OPENAI_BASE_URL = `${server.url}/v1`;
process.env.OPENAI_API_KEY = "any: the stand-in asks for none";
const log = new CapturedLog();
const backend = startBackend();
try {
  if (await run({ backend, server, log })) {
    print(
      "\nAll checks passed. Next: `npm run dev` puts the same app on a deployment of your own, against\n" +
        'the public service; then try npx convex run geocoding:locate \'{"name": "Berlin"}\'',
    );
  } else {
    print("\nA check failed.");
    process.exitCode = 1;
  }
} finally {
  await backend.close();
  await server.close();
  log.release();
}
