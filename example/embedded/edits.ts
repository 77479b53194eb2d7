import { api } from "../convex/_generated/api.js";
import type { Check } from "./checks.js";
import type { City } from "./cities.js";
import type { Setting } from "./pass.js";
import { integer, plural } from "./report.js";

// A guide is written for every two of the cities, so that each city is in several guides.

/** An edit of one place: the guides that contain it are gone with the commit, the others are hits. */
export async function checkEdit(cities: City[], setting: Setting): Promise<Check> {
  const [edited] = cities;
  const guides = everyTwo(cities);
  const withEdited = guides.filter((names) => names.includes(edited!.name));
  for (const city of cities) await save(city, "as it was", setting);
  await readAll(guides, setting);
  const again = await readAll(guides, setting);

  await save(edited!, "as it is", setting);
  const missing = await guidesMissing(guides, setting);
  const after = await readAll(guides, setting);
  return {
    title: "Edit",
    passed:
      again.requests === 0 &&
      sameGuides(missing, withEdited) &&
      after.requests === withEdited.length &&
      after.hits === guides.length - withEdited.length &&
      sameGuides(after.guidesWith(`${edited!.name}: as it is`), withEdited),
    detail:
      `of ${plural(guides.length, "cached guide")} to two places each, the ` +
      `${integer(withEdited.length)} that contain ${edited!.name} were gone when the mutation that ` +
      `edited its notes had committed; reading all made ${plural(after.requests, "request")}, and ` +
      `${plural(after.hits, "hit")}`,
  };
}

/** The same edit in a mutation that throws afterwards: nothing has happened to any guide. */
export async function checkRollback(cities: City[], setting: Setting): Promise<Check> {
  const { app } = setting.backend;
  const [edited] = cities;
  const guides = everyTwo(cities);
  let missingWithin = 0;
  const rolledBack = await app
    .mutation(async (ctx) => {
      await ctx.runMutation(api.savedPlaces.save, { name: edited!.name, notes: "never to be" });
      for (const names of guides) {
        if ((await ctx.runQuery(api.guides.cached, { names })) === null) missingWithin += 1;
      }
      throw new Error(ROLLED_BACK);
    })
    .then(() => false, isRolledBack);
  const after = await readAll(guides, setting);
  return {
    title: "Rollback",
    passed:
      rolledBack &&
      missingWithin === cities.length - 1 &&
      after.requests === 0 &&
      after.hits === guides.length,
    detail:
      `in a mutation that edited ${edited!.name} and then threw, ` +
      `${plural(missingWithin, "guide")} were gone for that mutation; after it, reading all made ` +
      `${plural(after.requests, "request")}, and ${plural(after.hits, "hit")}`,
  };
}

const ROLLED_BACK = "to roll back";

function isRolledBack(error: unknown): boolean {
  return error instanceof Error && error.message.includes(ROLLED_BACK);
}

function everyTwo(cities: City[]): string[][] {
  return cities.flatMap((city, index) =>
    cities.slice(index + 1).map((other) => [city.name, other.name]),
  );
}

function sameGuides(some: string[][], others: string[][]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

async function save(city: City, notes: string, { backend }: Setting): Promise<void> {
  await backend.app.mutation(api.savedPlaces.save, { name: city.name, notes });
}

async function guidesMissing(guides: string[][], { backend }: Setting): Promise<string[][]> {
  const missing: string[][] = [];
  for (const names of guides) {
    if ((await backend.app.query(api.guides.cached, { names })) === null) missing.push(names);
  }
  return missing;
}

/** Reads each guide, and tells how many were hits, and how many requests the others made. */
async function readAll(guides: string[][], { backend, server, log }: Setting) {
  const requestsBefore = server.requests();
  log.takeEvents();
  const texts: string[] = [];
  for (const names of guides) texts.push(await backend.app.action(api.guides.to, { names }));
  return {
    requests: server.requests() - requestsBefore,
    hits: log.takeEvents().filter(({ get }) => get === "hit").length,
    guidesWith: (note: string) => guides.filter((_, index) => texts[index]!.includes(note)),
  };
}
