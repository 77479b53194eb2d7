import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** The repository's root. */
export const root = path.resolve(import.meta.dirname, "../..");

/** The pages that users and maintainers read, by their paths from the root. */
export const pages = [
  ...readdirSync(root),
  ...readdirSync(path.join(root, "docs")).map((file) => `docs/${file}`),
].filter((file) => file.endsWith(".md"));

/** The text of a page. */
export const textOf = (page: string) => readFileSync(path.join(root, page), "utf8");

/** A file of the app that a page describes, with the line of the page that each of its lines is. */
export type AppFile = { code: string; pageLines: number[] };

/** The files that a page's TypeScript blocks make up, and what is wrong with the blocks. */
export type PageApp = { files: Map<string, AppFile>; problems: string[] };

/** The first line of a block names its file, or the file that it continues. */
const HEADER = /^\/\/ (\S+\.tsx?)(, continued)?$/;

/** Reads the TypeScript blocks of a page: each page is an app of its own. */
export function appOf(page: string): PageApp {
  const files = new Map<string, AppFile>();
  const problems: string[] = [];
  const lines = textOf(page).split("\n");
  let file: AppFile | undefined;
  let isCode = false;
  lines.forEach((line, index) => {
    const at = `${page}:${index + 1}`;
    if (line.startsWith("```")) {
      isCode = !isCode && /^```tsx?$/.test(line);
      file = undefined;
      return;
    }
    if (!isCode) return;
    if (file === undefined) {
      const [, name, continued] = HEADER.exec(line) ?? [];
      if (name === undefined) problems.push(`${at}: the block does not begin with its file's name`);
      else if ((continued !== undefined) !== files.has(name)) {
        problems.push(
          `${at}: ${name} is ${continued ? "not begun" : "begun already"} on this page`,
        );
      }
      file = files.get(name ?? "") ?? { code: "", pageLines: [] };
      if (name !== undefined) files.set(name, file);
    }
    file.code += `${line}\n`;
    file.pageLines.push(index + 1);
  });
  return { files, problems };
}

/** The schema of every page's app that has none of its own. */
export const SCHEMA = `
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  documents: defineTable({ ownerId: v.string(), text: v.string() }).index("ownerId", ["ownerId"]),
});
`;
