// The page of the API graph: servers as clusters, what feeds what, a tool's neighbourhood, the path of a sample.

import { el, show, svg } from "./dom.js";
import { arrows, curve, drawnCluster, drawnLink, drawnTool } from "./graph_drawing.js";
import { aboutGraph, aboutPath, aboutTool, legend } from "./graph_words.js";
import { layoutOf } from "./layout.js";
import { Sight } from "./sight.js";

export class GraphPage {
  constructor(source, act) {
    Object.assign(this, {
      source,
      act,
      picture: null,
      id: null,
      least: 0.5,
      only: { data: true, state: true, confirmed: false },
    });
    this.view = svg("g", {});
    this.frame = svg(
      "svg",
      { class: "drawing", role: "img", "aria-label": "The API graph", onclick: (event) => this.clicked(event) },
      this.view,
    );
    this.sight = new Sight(this.frame, this.view, (scale) => this.zoomed(scale));
    this.search = el("input", {
      type: "search",
      class: "search",
      list: "tool-names",
      placeholder: "Find a tool",
      "aria-label": "Find a tool",
      autocomplete: "off",
      onchange: () => this.find(),
    });
    this.names = el("datalist", { id: "tool-names" });
    this.about = el("div", { class: "about", "aria-live": "polite" });
    const buttons = [
      ["+", "Nearer", () => this.sight.zoom(1.4)],
      ["−", "Further", () => this.sight.zoom(1 / 1.4)],
      ["⤢", "All of it", () => this.whole()],
    ];
    this.node = el(
      "main",
      { class: "graph" },
      el(
        "div",
        { class: "canvas" },
        this.frame,
        el(
          "div",
          { class: "zoom" },
          buttons.map(([sign, name, onclick]) => el("button", { type: "button", "aria-label": name, onclick }, sign)),
        ),
      ),
      el(
        "aside",
        { class: "side", "aria-label": "About the graph" },
        el("div", { class: "controls" }, this.search, this.names, this.switches()),
        this.about,
      ),
    );
  }

  switches() {
    const tick = (name, says) =>
      el(
        "label",
        { class: "tick" },
        el("input", {
          type: "checkbox",
          checked: this.only[name],
          onchange: (event) => {
            this.only[name] = event.target.checked;
            this.paint();
          },
        }),
        says,
      );
    const told = el("output", {}, this.least.toFixed(2));
    const slider = el("input", {
      type: "range",
      min: 0,
      max: 1,
      step: 0.05,
      value: this.least,
      "aria-label": "Least confidence",
      oninput: (event) => {
        this.least = Number(event.target.value);
        told.textContent = this.least.toFixed(2);
        this.paint();
      },
    });
    return el(
      "div",
      { class: "switches" },
      tick("data", "data"),
      tick("state", "state"),
      tick("confirmed", "confirmed only"),
      el("label", { class: "slide" }, "confidence from", slider, told),
    );
  }

  zoomed(scale) {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.frame.classList.toggle("near", scale > 1.5);
      this.frame.style.setProperty("--scale", scale);
    }, 90);
  }

  async visit(id, chosen) {
    try {
      if (!this.picture) await this.draw();
      if (!this.picture)
        return show(
          this.about,
          el("p", { class: "hint" }, "The graph is not known yet: the run is still learning which tool feeds which."),
        );
      this.id = this.layout.points.has(id) ? id : null;
      this.path = chosen.sample ? await this.source.sample(chosen.sample) : null;
      this.paint();
      this.bring();
    } catch (error) {
      show(this.about, el("p", { class: "hint" }, error.message));
    }
    return undefined;
  }

  async draw() {
    this.picture = await this.source.graph();
    if (!this.picture) return;
    this.tools = new Map(this.picture.tools.map((tool) => [tool.id, tool]));
    const { width, height } = this.frame.getBoundingClientRect();
    this.layout = layoutOf(this.picture, width && height ? width / height : undefined);
    show(
      this.names,
      this.picture.tools.map((tool) => el("option", { value: tool.id })),
    );
    const { servers } = this.picture;
    const degrees = new Map();
    for (const link of this.picture.links)
      for (const end of [link.source, link.target]) degrees.set(end, (degrees.get(end) ?? 0) + 1);
    this.links = this.picture.links
      .filter((link) => link.source !== link.target)
      .map((link) => ({ ...link, node: drawnLink(link, this.layout.points) }));
    this.nodes = new Map(this.picture.tools.map((tool) => [tool.id, drawnTool(tool, degrees.get(tool.id) ?? 0, this.layout.points, servers)]));
    this.trail = svg("g", { class: "trail" });
    show(
      this.view,
      arrows(),
      this.layout.clusters.map((cluster) => drawnCluster(cluster, servers)),
      svg(
        "g",
        { class: "links" },
        this.links.map((link) => link.node),
      ),
      this.trail,
      svg("g", { class: "tools" }, [...this.nodes.values()]),
    );
    new ResizeObserver(() => this.bring()).observe(this.frame);
  }

  paint() {
    if (!this.picture) return;
    const steps = this.path?.path ?? [];
    const near = new Set(this.id ? [this.id] : steps.map((step) => step.tool));
    for (const link of this.links) {
      const lit = this.id !== null && (link.source === this.id || link.target === this.id);
      const shown = this.only[link.kind] && link.confidence >= this.least && (link.confirmed || !this.only.confirmed);
      link.node.classList.toggle("hidden", !shown);
      link.node.classList.toggle("lit", lit && shown);
      if (lit && shown) near.add(link.source).add(link.target);
    }
    this.frame.classList.toggle("focused", near.size > 0);
    for (const [id, node] of this.nodes) {
      node.classList.toggle("lit", near.has(id));
      node.classList.toggle("chosen", id === this.id);
      const numbers = this.id ? [] : steps.flatMap((step, number) => (step.tool === id ? [number + 1] : []));
      node.querySelector(".order").textContent = numbers.length > 1 ? `${numbers[0]}…` : (numbers[0] ?? "");
    }
    this.paintTrail(this.id ? [] : steps);
    show(this.about, this.words());
  }

  paintTrail(steps) {
    const of = new Map(steps.map((step) => [step.id, step.tool]));
    const pairs = steps.flatMap((step) =>
      step.from
        .map((from) => [of.get(from), step.tool, "data"])
        .concat(step.enables.map((next) => [step.tool, of.get(next), "state"])),
    );
    const known = pairs.filter(
      ([from, to]) => from !== to && this.layout.points.has(from) && this.layout.points.has(to),
    );
    show(
      this.trail,
      known.map(([from, to, kind]) =>
        svg("path", {
          class: `trail-step ${kind}`,
          d: curve(this.layout.points.get(from), this.layout.points.get(to), 9),
        }),
      ),
    );
  }

  words() {
    if (this.id) return aboutTool(this.tools.get(this.id), this.picture, this.act);
    if (this.path) return aboutPath(this.path, this.act);
    return [aboutGraph(this.picture, this.act), legend()];
  }

  // Move to what is lit, or show all of it.
  bring() {
    if (!this.picture) return;
    const lit = [...this.nodes]
      .filter(([, node]) => node.classList.contains("lit"))
      .map(([id]) => this.layout.points.get(id));
    if (!lit.length) return this.whole();
    const [xs, ys] = [lit.map((point) => point.x), lit.map((point) => point.y)];
    const [x, y] = [Math.min(...xs) - 60, Math.min(...ys) - 40];
    return this.sight.fit({ x, y, width: Math.max(...xs) - x + 60, height: Math.max(...ys) - y + 50 });
  }

  whole() {
    const edges = this.layout.clusters.map(({ x, y, r }) => [x - r, y - r - 24, x + r, y + r]);
    const [x, y, right, bottom] = [0, 1, 2, 3].map((at) =>
      Math[at < 2 ? "min" : "max"](...edges.map((edge) => edge[at])),
    );
    this.sight.fit({ x, y, width: right - x, height: bottom - y }, 12);
    this.sight.least = this.sight.scale / 2;
  }

  clicked(event) {
    if (this.sight.wasDragged) return;
    const tool = event.target.closest(".tool")?.dataset.tool;
    this.act.go(tool ? `#/graph/${encodeURIComponent(tool)}` : "#/graph");
  }

  find() {
    if (this.tools?.has(this.search.value)) this.act.go(`#/graph/${encodeURIComponent(this.search.value)}`);
  }
}
