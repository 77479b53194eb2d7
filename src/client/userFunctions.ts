/**
 * Takes what a function of the app's returned. One that is async, by mistake or
 * not, gives a promise, whose rejection would end the action if nobody handled it.
 */
export function returned<Result>(result: Result, onRejected: (error: unknown) => void = ignore) {
  if (isThenable(result)) result.then(undefined, onRejected);
  return result;
}

const ignore = () => {};

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<PromiseLike<unknown>>).then === "function"
  );
}
