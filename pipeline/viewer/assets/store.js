// What the page knows of the run: rows, labels and state; and which of them the filters let through.

export const store = {
  samples: [],
  rejected: [],
  labels: {},
  state: null,
  totals: { samples: 0, rejected: 0 },
  complete: false,
  generation: -1,
  servers: [],
};

const watchers = new Set();
const counted = new Map();
let labelled = 0;

export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

function tell(changed) {
  for (const watcher of [...watchers]) watcher(changed);
}

// Take in an answer of `changes`; whether there is more to fetch at once.
export function takeChanges(answer) {
  if (answer.generation !== store.generation) {
    store.samples = [];
    store.rejected = [];
    store.generation = answer.generation;
  }
  for (const name of ["samples", "rejected"]) {
    for (const row of answer[name]) store[name].push(searchable(row));
  }
  Object.assign(store, { state: answer.state, totals: answer.totals, complete: answer.complete });
  const relabelled = JSON.stringify(answer.labels) !== JSON.stringify(store.labels);
  if (relabelled) labelled++;
  store.labels = answer.labels;
  const started = Object.keys(answer.state.servers);
  const seen = [...store.samples.slice(0, 50), ...store.rejected.slice(0, 50)].flatMap((row) => row.servers);
  store.servers = started.length ? started : [...new Set(seen)].sort();
  tell(answer.samples.length + answer.rejected.length > 0 ? "rows" : relabelled ? "labels" : "state");
  return store.samples.length < answer.totals.samples || store.rejected.length < answer.totals.rejected;
}

export function takeLabel(id, label) {
  if (label) store.labels[id] = label;
  else delete store.labels[id];
  labelled++;
  tell("labels");
}

function searchable(row) {
  row.search = `${row.words} ${row.id} ${row.tools.join(" ")} ${row.twin ?? ""}`.toLowerCase();
  return row;
}

// Every filter: what it is called, what values a row has for it, and whether it is for samples or for rejected items.
export const FILTERS = [
  { name: "server", says: "Server", of: (row) => row.servers },
  { name: "tool", says: "Tool", of: (row) => row.tools },
  { name: "kind", says: "Kind", of: (row) => row.kinds, only: "samples" },
  { name: "depth", says: "Depth", of: (row) => [String(row.depth)], only: "samples" },
  { name: "difficulty", says: "Difficulty", of: (row) => [difficultyOf(row)], only: "samples" },
  { name: "gate", says: "Checks", of: (row) => row.checks, only: "samples" },
  { name: "label", says: "Label", of: (row) => [store.labels[row.id] ?? "no label"], only: "samples" },
  { name: "gate", says: "Lost at", of: (row) => [row.stage], only: "rejected" },
  { name: "outcome", says: "Outcome", of: (row) => [row.outcome], only: "rejected" },
];

export const ORDERS = {
  planned: () => 0,
  "most difficult": (a, b) => b.difficulty - a.difficulty,
  deepest: (a, b) => b.depth - a.depth,
  "most calls": (a, b) => b.calls - a.calls,
  easiest: (a, b) => a.difficulty - b.difficulty,
};

function difficultyOf(row) {
  const low = Math.min(4, Math.floor(row.difficulty * 5));
  return `${(low / 5).toFixed(1)}–${((low + 1) / 5).toFixed(1)}`;
}

export function filtersOf(page) {
  return FILTERS.filter((filter) => !filter.only || filter.only === page);
}

// Rows of a page that pass; `chosen` holds a value for each filter's name, `q` and `order`.
export function passing(page, chosen) {
  const words = (chosen.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const active = filtersOf(page).filter((filter) => chosen[filter.name]);
  const rows = store[page].filter(
    (row) =>
      words.every((word) => row.search.includes(word)) &&
      active.every((filter) => filter.of(row).includes(chosen[filter.name])),
  );
  const order = page === "samples" && ORDERS[chosen.order];
  return order ? rows.sort(order) : rows;
}

// Every value of a filter with how many rows have it; counted anew only when rows or labels have changed.
export function valuesOf(page, filter) {
  const known = counted.get(filter);
  const stand = filter.name === "label" ? labelled : 0;
  if (known?.rows === store[page] && known.count === store[page].length && known.stand === stand) return known.values;
  const counts = new Map();
  for (const row of store[page]) for (const value of filter.of(row)) counts.set(value, (counts.get(value) ?? 0) + 1);
  const values = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  counted.set(filter, { rows: store[page], count: store[page].length, stand, values });
  return values;
}
