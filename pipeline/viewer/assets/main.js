// The page: navigation by the part of the address behind the #, keys, and the look for what is new.

import { Browser } from "./browse.js";
import { el, plural, show } from "./dom.js";
import { FiguresPage } from "./figures.js";
import { GraphPage } from "./graph.js";
import { LABELS } from "./sample.js";
import { openSource } from "./source.js";
import { store, takeChanges, takeLabel, watch } from "./store.js";

const source = openSource();
const act = { go, label };
const pages = {
  samples: new Browser("samples", source, act),
  rejected: new Browser("rejected", source, act),
  graph: new GraphPage(source, act),
  figures: new FiguresPage(source),
};
const KEYS = [
  ["j / k", "next, previous"],
  ["1 2 3", "keep, drop, flag; again takes it back"],
  ["/", "search"],
  ["g", "path in the graph"],
  ["?", "these keys"],
  ["Esc", "leave the search, close this"],
];
const notice = el("p", { class: "notice", role: "alert", hidden: true });
const progress = el("p", { class: "progress", role: "status" });
const links = Object.keys(pages).map((name) =>
  el(
    "a",
    { href: `#/${name}`, "data-page": name },
    name[0].toUpperCase() + name.slice(1),
    el("span", { class: "amount" }),
  ),
);
const outlet = el("div", { class: "outlet" });
const help = el(
  "dialog",
  { class: "help", "aria-label": "Keys" },
  el("h2", {}, "Keys"),
  el(
    "dl",
    {},
    KEYS.map(([keys, what]) => [el("dt", {}, el("kbd", {}, keys)), el("dd", {}, what)]),
  ),
  el("button", { type: "button", onclick: () => help.close() }, "Close"),
);

function go(address) {
  if (location.hash === address) visit();
  else location.hash = address;
}

async function label(id, chosen) {
  try {
    await source.label(id, chosen);
    takeLabel(id, chosen);
    hushed();
  } catch (error) {
    told(error);
  }
}

function told(error) {
  notice.hidden = false;
  show(notice, `Not done: ${error.message}`);
}

function hushed() {
  notice.hidden = true;
}

function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/");
  return {
    name: name in pages ? name : "samples",
    id: rest.length ? decodeURIComponent(rest.join("/")) : null,
    chosen: Object.fromEntries(new URLSearchParams(query ?? "")),
  };
}

function visit() {
  const { name, id, chosen } = address();
  for (const link of links) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const page = pages[name];
  if (outlet.firstChild !== page.node) show(outlet, page.node);
  page.visit(id, chosen);
}

function paintState() {
  const { state, totals } = store;
  const status = state.status;
  document.title = `${state.name} · Toolweave`;
  links[0].querySelector(".amount").textContent = totals.samples.toLocaleString("en");
  links[1].querySelector(".amount").textContent = totals.rejected.toLocaleString("en");
  const wanted = state.wanted ?? status.wanted;
  const facts = [
    status.state,
    wanted
      ? `${totals.samples.toLocaleString("en")} of ${wanted.toLocaleString("en")}`
      : plural(totals.samples, "sample"),
    status.running && status.stage,
  ];
  show(
    progress,
    el("span", { class: `light ${status.running ? "on" : ""}` }),
    el("b", {}, state.name),
    el("span", {}, facts.filter(Boolean).join(" · ")),
  );
}

async function follow() {
  let more = true;
  try {
    more = takeChanges(
      await source.changes({
        samples: store.samples.length,
        rejected: store.rejected.length,
        generation: store.generation,
      }),
    );
    hushed();
  } catch (error) {
    more = false;
    told(new Error(error instanceof TypeError ? "the viewer has ended; start it again" : error.message));
  }
  if (!source.live) return;
  const waits = more
    ? 0
    : !store.complete
      ? 150
      : document.hidden
        ? 4000
        : store.state?.status.running === false
          ? 2000
          : 800;
  setTimeout(follow, waits);
}

function typing(target) {
  return (
    target.closest?.("input, select, textarea") !== null && target.closest?.("input, select, textarea") !== undefined
  );
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return event.target.blur?.();
  if (typing(event.target) || help.open) return undefined;
  const { name, id } = address();
  const page = pages[name];
  if (event.key === "?") help.showModal();
  else if (event.key === "/" && page.search) page.search.focus();
  else if ((event.key === "j" || event.key === "k") && page.step) page.step(event.key === "j" ? 1 : -1);
  else if (event.key === "g" && name === "samples" && id) go(`#/graph?sample=${encodeURIComponent(id)}`);
  else if ("123".includes(event.key) && name === "samples" && id && source.live)
    labelByKey(id, LABELS[Number(event.key) - 1]);
  else return undefined;
  event.preventDefault();
  return undefined;
}

function labelByKey(id, chosen) {
  label(id, store.labels[id] === chosen ? null : chosen);
}

watch((changed) => {
  paintState();
  if (changed === "labels") document.querySelector(".labels")?.repaint();
});
document.body.append(
  el(
    "header",
    { class: "top" },
    el("a", { class: "brand", href: "#/samples" }, "Toolweave"),
    el("nav", { "aria-label": "Pages" }, links),
    progress,
    el("button", { type: "button", class: "ask", "aria-label": "Keys", onclick: () => help.showModal() }, "?"),
  ),
  notice,
  outlet,
  help,
);
addEventListener("hashchange", visit);
addEventListener("keydown", onKey);
visit();
follow();
