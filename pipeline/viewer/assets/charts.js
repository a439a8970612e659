// Charts that are tables: every bar stands beside its name and its number, so that nobody needs to see it.

import { el, svg } from "./dom.js";

// rows: [{name, part, says, mark, dark}]; `part`, `mark` and `dark` are shares of the widest bar, from 0 to 1.
export function bars(title, note, rows) {
  const body = rows.map((row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, row.name),
      el("td", { class: "bar" }, bar(row)),
      el("td", { class: "figure" }, row.says),
    ),
  );
  return el(
    "figure",
    { class: "chart" },
    el("figcaption", {}, el("h3", {}, title), note && el("p", { class: "aside" }, note)),
    rows.length ? el("table", {}, el("tbody", {}, body)) : el("p", { class: "aside" }, "None."),
  );
}

function bar(row) {
  const part = (value) => `${(100 * Math.max(0, Math.min(1, value))).toFixed(2)}%`;
  return svg(
    "svg",
    { class: "bar-drawing", width: "100%", height: 12, "aria-hidden": "true" },
    svg("rect", { class: "track", width: "100%", height: 12, rx: 3 }),
    svg("rect", { class: "fill", width: part(row.part), height: 12, rx: 3 }),
    row.dark ? svg("rect", { class: "dark", width: part(row.dark), height: 12, rx: 3 }) : null,
    row.mark === undefined ? null : svg("rect", { class: "mark", x: part(row.mark), y: 0, width: 2, height: 12 }),
  );
}

export function tiles(facts) {
  return el(
    "dl",
    { class: "tiles" },
    facts.map(([name, value, note]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, String(value)), note && el("dd", { class: "aside" }, note)),
    ),
  );
}
