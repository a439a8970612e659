// A list with filters beside one item: the pages of samples and of what was rejected.

import { el, hueOf, plural, show, spaced } from "./dom.js";
import { LongList } from "./list.js";
import { lostNodes } from "./lost.js";
import { sampleNodes } from "./sample.js";
import { filtersOf, ORDERS, passing, store, valuesOf, watch } from "./store.js";
import { shownText } from "./words.js";

// page: "samples" or "rejected"; act: {go, label}.
export class Browser {
  constructor(page, source, act) {
    this.page = page;
    this.source = source;
    this.act = act;
    this.chosen = {};
    this.current = null;
    this.awaited = null;
    this.search = el("input", {
      type: "search",
      class: "search",
      placeholder: page === "samples" ? "Search requests, tools, ids" : "Search reasons, tools",
      "aria-label": "Search",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.filter({ q: this.search.value }),
    });
    this.pills = el("div", { class: "pills" });
    this.count = el("p", { class: "count", role: "status" });
    this.list = new LongList(
      page === "samples" ? "Samples" : "Rejected items",
      (row) => rowNodes(row),
      (row) => this.open(row.id),
    );
    this.pane = el("section", { class: "pane", "aria-label": "The chosen item" });
    this.node = el(
      "main",
      { class: "browse" },
      el(
        "div",
        { class: "side" },
        el("div", { class: "controls" }, this.search, this.pills, this.count),
        this.list.node,
      ),
      this.pane,
    );
    watch((changed) => this.node.isConnected && this.changed(changed));
  }

  // Show what an address says.
  async visit(id, chosen) {
    this.chosen = chosen;
    this.search.value = chosen.q ?? "";
    this.node.classList.toggle("opened", Boolean(id));
    if (id !== this.current || !this.pane.firstChild) await this.load(id);
    this.changed("rows");
  }

  changed(changed) {
    if (this.awaited && this.isKnown(this.awaited)) this.load(this.awaited);
    if (changed === "state") return this.paintCount();
    if (changed === "labels" && !this.chosen.label) {
      return this.list.set(this.list.rows, this.current);
    }
    this.paintPills();
    this.list.set(passing(this.page, this.chosen), this.current);
    return this.paintCount();
  }

  paintCount() {
    show(this.count, this.counted(this.list.rows.length, store[this.page].length));
  }

  // Whether an item has been read by now, or will not be.
  isKnown(id) {
    const rows = store[this.page];
    return (store.complete && rows.length >= store.totals[this.page]) || rows.some((row) => row.id === id);
  }

  counted(passing, all) {
    const what = plural(all, this.page === "samples" ? "sample" : "item");
    const total = store.totals[this.page];
    const rest =
      !this.source.live && total > all
        ? `, chosen from ${total.toLocaleString("en")}`
        : store.complete
          ? ""
          : ", reading on …";
    return (passing === all ? what : `${passing.toLocaleString("en")} of ${what}`) + rest;
  }

  paintPills() {
    if (this.pills.contains(document.activeElement)) return;
    const pills = filtersOf(this.page).map((filter) =>
      this.pill(filter.name, filter.says, valuesOf(this.page, filter)),
    );
    if (this.page === "samples")
      pills.push(
        this.pill(
          "order",
          "Order",
          Object.keys(ORDERS).map((name) => [name, null]),
        ),
      );
    const active = Object.values(this.chosen).some(Boolean);
    show(
      this.pills,
      pills,
      active &&
        el(
          "button",
          { type: "button", class: "clear", onclick: () => this.act.go(this.address(this.current, {})) },
          "Clear",
        ),
    );
  }

  pill(name, says, values) {
    const value = this.chosen[name] ?? "";
    const shown = value && !values.some(([one]) => one === value) ? [...values, [value, 0]] : values;
    const options = shown.map(([one, count]) =>
      el("option", { value: one, selected: one === value }, count === null ? one : `${spaced(one)} (${count})`),
    );
    return el(
      "select",
      {
        class: value ? "pill on" : "pill",
        "aria-label": says,
        "data-filter": name,
        onchange: (event) => {
          event.target.blur();
          this.filter({ [name]: event.target.value });
        },
      },
      el("option", { value: "" }, says),
      options,
    );
  }

  filter(change) {
    this.chosen = { ...this.chosen, ...change };
    history.replaceState(null, "", this.address(this.current, this.chosen));
    this.list.node.scrollTop = 0;
    this.changed("rows");
  }

  address(id, chosen) {
    const kept = Object.entries(chosen).filter(([, value]) => value);
    const query = kept.length ? `?${new URLSearchParams(kept)}` : "";
    return `#/${this.page}${id ? `/${encodeURIComponent(id)}` : ""}${query}`;
  }

  open(id) {
    this.act.go(this.address(id, this.chosen));
  }

  async load(id) {
    this.current = id;
    this.awaited = id && !this.isKnown(id) ? id : null;
    if (this.awaited) return show(this.pane, el("p", { class: "hint" }, "Reading on to it …"));
    if (!id)
      return show(
        this.pane,
        el(
          "p",
          { class: "hint" },
          this.page === "samples" ? "Choose a sample, or press j." : "Choose an item to see why it was not kept.",
        ),
      );
    const back = el(
      "button",
      { type: "button", class: "back", onclick: () => this.act.go(this.address(null, this.chosen)) },
      "‹ All",
    );
    try {
      const details = await (this.page === "samples" ? this.source.sample(id) : this.source.lost(id));
      if (this.current !== id) return undefined;
      const nodes =
        this.page === "samples" ? sampleNodes(details, this.source, this.act) : lostNodes(details, this.act);
      show(this.pane, back, nodes);
    } catch (error) {
      show(this.pane, back, el("p", { class: "hint" }, error.message));
    }
    return undefined;
  }

  step(by) {
    this.list.step(by);
  }
}

function rowNodes(row) {
  const dots = row.servers.map((server) => el("span", { class: "dot", "--hue": hueOf(server, store.servers) }));
  const facts = row.kinds
    ? [row.kinds.map(spaced).join(", "), plural(row.calls, "call"), `depth ${row.depth}`]
    : [`lost at ${spaced(row.stage)}`, row.tools[0] ?? ""];
  const label = row.kinds && store.labels[row.id];
  return [
    el("div", { class: "row-words", dir: "auto" }, shownText(row.words || "(no words)")),
    el(
      "div",
      { class: "row-facts" },
      el("span", { class: "dots" }, dots),
      el("span", { class: "row-line" }, facts.filter(Boolean).join(" · ")),
      label && el("span", { class: `tag label-${label}` }, label),
    ),
  ];
}
