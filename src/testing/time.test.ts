import { expect, test } from "vitest";
import { virtualTime } from "../testing/time.js";
import { advance } from "./time.js";

virtualTime(0);

const idle = () => 0;

test("no timer fires before what an earlier one set off has ended, however long a digest takes", async () => {
  const happened: string[] = [];
  setTimeout(() => {
    const digesting = crypto.subtle.digest("SHA-256", new Uint8Array(16 * 1024 * 1024));
    void digesting.then(() => happened.push("first"));
  }, 10);
  setTimeout(() => happened.push("second"), 11);
  await advance(20, idle);
  expect(happened).toEqual(["first", "second"]);
});

test("time passes as far as it is told, with the timers that are set meanwhile and due by then", async () => {
  const fired: number[] = [];
  const again = () => {
    fired.push(Date.now());
    setTimeout(again, 5);
  };
  setTimeout(again, 5);
  await advance(20, idle);
  expect(Date.now()).toBe(20);
  expect(fired).toEqual([5, 10, 15, 20]);
  await advance(4, idle);
  expect(fired).toEqual([5, 10, 15, 20]);
});
