import { type ReactNode, useId } from "react";

/** What a query lists: the first rows, and whether these are all. */
export type Listed<Item> = { items: Item[]; isDone: boolean } | undefined;

/** A list with a title, in a box whose height does not depend on what comes. */
export function Rows<Item>({
  title,
  none,
  listed,
  keyOf,
  children,
}: {
  title: string;
  /** Said where there are no rows. */
  none: string;
  listed: Listed<Item>;
  keyOf: (item: Item) => string;
  children: (item: Item) => ReactNode;
}) {
  const id = useId();
  const items = listed?.items ?? [];
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        {title}{" "}
        <span className="quiet">{listed && `${items.length}${listed.isDone ? "" : "+"}`}</span>
      </h2>
      <div className="list short" tabIndex={0} role="group" aria-labelledby={id}>
        {listed && items.length === 0 && <p className="quiet">{none}</p>}
        <ul>
          {items.map((item) => (
            <li key={keyOf(item)}>{children(item)}</li>
          ))}
        </ul>
      </div>
    </section>
  );
}

/** Whose a row is. */
export function Owner({ name, tenant }: { name: string; tenant?: string }) {
  return (
    <strong>
      {name}
      {tenant !== undefined && <span className="quiet"> of {tenant}</span>}
    </strong>
  );
}
