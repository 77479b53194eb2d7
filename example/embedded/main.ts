// `npm start`: the app of example/convex at work on real data, with nothing but this machine.
import { api } from "../convex/_generated/api.js";
import { biggestCities, cities } from "./cities.js";
import { checkEdit } from "./edits.js";
import { checkOutage, checkStale } from "./freshness.js";
import { checkCallersAtOnce, checkPasses, checkRemoval } from "./places.js";
import { type Check, checkLine, integer, passTable, wrapped } from "./report.js";
import { NETWORK_MS } from "./server.js";
import { demo, type Setting, start } from "./setting.js";
import { runPass, zipfTraffic } from "./traffic.js";

const PLACES = 120;
const LOOKUPS = 250;

const print = (text = "") => process.stdout.write(`${text}\n`);

const NEXT = `
In your own app:

  npm install @convex-dev/action-cache

  // convex/convex.config.ts
  import cache from "@convex-dev/action-cache/convex.config.js";
  app.use(cache);

Then wrap an action: https://github.com/get-convex/action-cache#quick-start
To try this example on a deployment of your own, against the public services: npm run dev`;

/** Resolves to whether all checks passed. */
async function run(setting: Setting): Promise<boolean> {
  const { app } = setting;
  const places = biggestCities(PLACES);
  const ten = places.slice(0, 10);
  const biggest = places[0]!;
  let allPassed = true;
  const report = async (check: Check | Promise<Check>) => {
    const { passed } = await check;
    print(checkLine(await check));
    allPassed &&= passed;
  };
  await report(checkCallersAtOnce(biggestCities(PLACES + 1)[PLACES]!, setting));

  print(
    wrapped(
      `\n${integer(LOOKUPS)} lookups of the ${PLACES} biggest cities, popular ones more often. The service here ` +
        `searches ${integer(cities.length)} cities of GeoNames for each request, and answers ` +
        `${NETWORK_MS} ms later, as over a network:\n`,
    ),
  );
  const traffic = zipfTraffic(places, LOOKUPS);
  const search = (name: string) => app.action(demo.locateUncached, { name });
  const locate = (name: string) => app.action(api.geocoding.locate, { name });
  const passes = [
    await runPass("without cache", traffic, setting, search),
    await runPass("with the cache", traffic, setting, locate),
    await runPass("the same again", traffic, setting, locate),
  ];
  print(passTable(passes));
  print(
    wrapped(
      "A hit is two function calls: the lookup itself, and a query that reads the entry. On a deployment, " +
        "the query cache answers that when it is repeated, and nothing is read from the database.\n",
    ),
  );
  await report(checkPasses(passes, new Set(traffic).size));
  await report(checkStale(biggest, setting));
  await report(checkOutage(biggest, setting));
  await report(checkEdit(ten, setting));
  await report(checkRemoval(ten, setting));
  return allPassed;
}

const setting = await start();
print(
  wrapped(
    `The app of example/convex is served at ${setting.url}, to this machine alone. Its state is in the ` +
      "memory of this process, and gone when it ends.\n",
  ),
);
const passed = await run(setting).finally(() => setting.stop());
print(passed ? `\nAll checks passed.\n${NEXT}` : "\nA check failed.");
// Housekeeping is scheduled for later, and would keep the program waiting for that.
process.exit(passed ? 0 : 1);
