// @vitest-environment node
import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { pages, root, textOf } from "./testing/blocks.js";

const withoutCode = (text: string) => text.replace(/^```[^]*?^```/gm, "");

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = withoutCode(textOf(page)).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test.each(pages)("the links of %s lead somewhere", (page) => {
  const links = withoutCode(textOf(page)).matchAll(/\]\((?!https?:)([^)\s]*)\)/g);
  const broken = [...links].flatMap(([, link = ""]) => {
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? page : path.join(path.dirname(page), file);
    const leads =
      existsSync(path.join(root, target)) &&
      (anchor === undefined || anchorsOf(target).includes(anchor));
    return leads ? [] : [link];
  });
  expect(broken).toEqual([]);
});
