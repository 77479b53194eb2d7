import { ConvexError } from "convex/values";
import { api } from "../convex/_generated/api.js";
import type { City } from "./cities.js";
import { type Check, integer, plural } from "./report.js";
import { counted, demo, type Setting } from "./setting.js";

/**
 * An edit of one city's notes, of which a guide is written for every two cities. The guides that
 * contain it are gone with the commit, and there as before if the mutation rolls back.
 */
export async function checkEdit(cities: City[], setting: Setting): Promise<Check> {
  const { app } = setting;
  const name = cities[0]!.name;
  const guides = cities.flatMap((city, index) =>
    cities.slice(index + 1).map((other) => [city.name, other.name]),
  );
  const withEdited = guides.filter((names) => names.includes(name)).length;
  const readAll = () =>
    counted(setting, async () => {
      const texts: string[] = [];
      for (const names of guides) texts.push(await app.action(api.guides.to, { names }));
      return texts;
    });
  for (const city of cities) {
    await app.mutation(api.savedPlaces.save, { name: city.name, notes: "as it was" });
  }
  await readAll();

  const error: unknown = await app
    .mutation(demo.failToSave, { name, guides })
    .catch((thrown: unknown) => thrown);
  const goneWithin = error instanceof ConvexError ? (error.data as { gone: number }).gone : NaN;
  const rolledBack = await readAll();

  await app.mutation(api.savedPlaces.save, { name, notes: "as it is" });
  const edited = await readAll();
  const rewritten = edited.result.filter((text) => text.includes(`${name}: as it is`)).length;
  return {
    title: "Edit",
    passed:
      goneWithin === withEdited &&
      rolledBack.requests === 0 &&
      edited.requests === withEdited &&
      rewritten === withEdited,
    detail:
      `of ${plural(guides.length, "cached guide")} to two places each, ${integer(rewritten)} contain ` +
      `${name}. An edit of its notes had ${plural(edited.requests, "guide")} written anew, and none ` +
      `but these; when the edit rolled back, ${integer(rolledBack.requests)}`,
  };
}
