/**
 * All under one class, so that no other part of the app's page looks different. What the app's page
 * says of elements in general is undone in here.
 */
export const STYLES = `
.action-cache-inspector {
  --text: light-dark(#1c1f23, #e8eaed);
  --quiet: light-dark(#5a626c, #a3abb5);
  --back: light-dark(#ffffff, #1d2126);
  --field: light-dark(#f6f7f9, #14171b);
  --line: light-dark(#d8dce1, #353b43);
  --good: light-dark(#0b6b49, #5fd6a6);
  --warn: light-dark(#8a5300, #f0b45a);
  --bad: light-dark(#b3261e, #ff8f87);
  --focus: light-dark(#1f5fae, #82b4f5);
  display: grid;
  gap: 16px;
  padding: 16px;
  border-radius: 12px;
  background: var(--field);
  container-type: inline-size;
  font: 14px/1.5 system-ui, sans-serif;
  color: var(--text);
  text-align: start;

  & :not(svg, svg *, style) { all: revert; box-sizing: border-box; }
  & section { min-width: 0; padding: 14px 16px; border: 1px solid var(--line); border-radius: 10px; background: var(--back); }
  & h2 { margin: 0 0 10px; font-size: 15px; font-weight: 650; }
  & p { margin: 6px 0; }
  & .quiet { font-weight: 400; color: var(--quiet); }
  & .bad { color: var(--bad); }

  & .columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; }
  & .fields, & .buttons { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 8px 0 0; }
  & .fields { margin: 0 0 8px; }
  & .field { display: flex; flex: 1 1 180px; align-items: center; gap: 8px; min-width: 0; }
  & input, & select, & button {
    min-width: 0; padding: 5px 10px; border: 1px solid var(--line); border-radius: 7px;
    font: inherit; color: inherit; background: var(--field);
  }
  & input, & select { flex: 1 1 0; }
  & select { max-width: 320px; }
  & button:enabled { cursor: pointer; }
  & button:hover:enabled { border-color: var(--good); }
  & button:disabled { color: var(--quiet); }
  & :focus-visible { outline: 3px solid var(--focus); outline-offset: 1px; }

  & .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 8px 16px; margin: 0 0 12px; }
  & dt { color: var(--quiet); }
  & dd { margin: 0; font-size: 18px; font-variant-numeric: tabular-nums; }
  & figure { margin: 0; }
  & figcaption, & summary { color: var(--quiet); }
  & svg { display: block; width: 100%; height: 80px; margin: 6px 0; border-bottom: 1px solid var(--line); }
  & rect.whole { fill: transparent; }
  & rect.hit { fill: var(--good); }
  & rect.coalesced { fill: var(--focus); }
  & rect.miss { fill: var(--warn); }
  & .key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; }
  & .key.hit { background: var(--good); }
  & .key.coalesced { background: var(--focus); }
  & .key.miss { background: var(--warn); }
  & table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  & th, & td { padding: 2px 12px 2px 0; font-weight: 400; text-align: start; }

  & .list { overflow: auto; overscroll-behavior: contain; }
  & .list.short { height: 130px; }
  & .list.long { height: 300px; }
  & .list.detail { height: 340px; }
  & ul { margin: 0; padding: 0; list-style: none; }
  & li { padding: 4px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
  & .entry { width: 100%; padding: 6px 8px; border-color: transparent; background: none; text-align: start; }
  & .entry[aria-pressed="true"] { border-color: var(--good); background: var(--field); }
  & code, & pre { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
  & pre { margin: 8px 0 0; white-space: pre-wrap; }
  & .facts { display: flex; flex-wrap: wrap; gap: 2px 10px; color: var(--quiet); font-variant-numeric: tabular-nums; }
  & .state { font-weight: 600; color: var(--quiet); }
  & .state.fresh, & .state.hit { color: var(--good); }
  & .state.stale { color: var(--warn); }
  & .tag { padding: 0 6px; border: 1px solid var(--line); border-radius: 99px; }
  & .refused { padding: 14px 16px; border: 1px solid var(--line); border-radius: 10px; background: var(--back); }

  @container (width >= 720px) {
    & .columns { grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); }
  }
}`;
