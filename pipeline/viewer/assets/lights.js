// Provenance that one can see: an argument lights up its source, with a line that says it and a curve that leads there.

import { el, svg, show } from "./dom.js";

const MIDDLE = 22;

// Everything that can be lit in one conversation. A source is known by the place that it stands at.
export class Lights {
  constructor(content, line) {
    this.content = content;
    this.line = line;
    this.marks = new Map();
    this.takers = new Map();
    this.curves = svg("svg", { class: "curves", "aria-hidden": "true" });
    content.append(this.curves);
    this.resting = matchMedia("(hover: none)").matches
      ? "Tap an argument to see where it came from."
      : "Point at an argument, or move to it with Tab, to see where it came from.";
    this.say(this.resting);
  }

  say(text, far = "") {
    show(this.line, text, far && el("span", { class: "far" }, ` ${far}`));
  }

  forgetMarks(message) {
    for (const [key, nodes] of this.marks) {
      const left = nodes.filter((node) => node.dataset.message !== String(message));
      if (left.length) this.marks.set(key, left);
      else this.marks.delete(key);
    }
  }

  addMark(ids, message, nodes) {
    const node = el("mark", { class: "source", "data-message": message }, nodes);
    for (const id of ids) this.marks.set(id, [...(this.marks.get(id) ?? []), node]);
    const takers = () => ids.flatMap((id) => this.takers.get(id) ?? []);
    node.addEventListener("pointerenter", () => this.lightTakers(node, takers()));
    node.addEventListener("pointerleave", () => this.rest());
    return node;
  }

  // What is taken from a source: `says` tells it, `at` is the place, `go` brings the place into sight.
  addTaker(node, says, at, go) {
    const id = at ? placeId(at) : null;
    if (id) this.takers.set(id, [...(this.takers.get(id) ?? []), node]);
    node.setAttribute("aria-description", says);
    const light = () => this.lightSource(node, says, at);
    node.addEventListener("pointerenter", light);
    node.addEventListener("focus", light);
    node.addEventListener("pointerleave", () => document.activeElement !== node && this.rest());
    node.addEventListener("blur", () => this.rest());
    node.addEventListener("keydown", (event) => event.key === "Enter" && node.localName !== "button" && node.click());
    node.addEventListener("click", () => at && go(at).then(() => this.follow(node, says, at)));
  }

  lightSource(node, says, at) {
    this.rest();
    node.classList.add("lit");
    const marks = at ? (this.marks.get(placeId(at)) ?? []) : [];
    for (const mark of marks) mark.classList.add("lit");
    if (marks.length) this.curve(marks[0], node);
    const pane = this.content.parentElement.getBoundingClientRect();
    const far = at && (!marks.length || !within(marks[0].getBoundingClientRect(), pane));
    this.say(says, far ? "Click, or press Enter, to go there." : "");
  }

  lightTakers(mark, takers) {
    this.rest();
    mark.classList.add("lit");
    for (const taker of takers) {
      taker.classList.add("lit");
      this.curve(mark, taker);
    }
    this.say(`${takers.length} ${takers.length === 1 ? "value was" : "values were"} taken from here.`);
  }

  follow(node, says, at) {
    this.lightSource(node, says, at);
    const mark = this.marks.get(placeId(at))?.[0];
    if (!mark) return;
    mark.closest(".folded")?.classList.remove("folded");
    mark.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  rest() {
    for (const node of this.content.querySelectorAll(".lit")) node.classList.remove("lit");
    this.curves.replaceChildren();
    this.say(this.resting);
  }

  curve(from, to) {
    const frame = this.content.getBoundingClientRect();
    const [a, b] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
    const [ya, yb] = [a.top + a.height / 2 - frame.top, b.top + b.height / 2 - frame.top];
    const [xa, xb] = [from, to].map(
      (node) => (node.closest(".call, .message") ?? node).getBoundingClientRect().left - frame.left - 2,
    );
    const bend = (4 * MIDDLE - 0.5 * (xa + xb)) / 3; // where the curve is half-way, it runs along the margin
    this.curves.append(
      svg("path", { d: `M ${xa} ${ya} C ${bend} ${ya}, ${bend} ${yb}, ${xb} ${yb}` }),
      svg("circle", { cx: xa, cy: ya, r: 3 }),
    );
  }
}

export function placeId(at) {
  return `${at.message}:${at.page}:${at.start}:${at.end}`;
}

function within(inner, outer) {
  return inner.bottom > outer.top && inner.top < outer.bottom;
}
