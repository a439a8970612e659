// A list of any length, of which only what is in sight is in the page.

import { el } from "./dom.js";

export const ROW_HEIGHT = 84;
const BEYOND = 4;

// draw(row) gives what a row shows; choose(row) is called when one is taken.
export class LongList {
  constructor(name, draw, choose) {
    this.draw = draw;
    this.choose = choose;
    this.rows = [];
    this.current = null;
    this.space = el("div", { class: "list-space" });
    this.node = el(
      "div",
      {
        class: "list",
        role: "listbox",
        tabindex: 0,
        "aria-label": name,
        onscroll: () => this.paint(),
        onkeydown: (event) => this.key(event),
      },
      this.space,
    );
    this.drawn = new Map();
    new ResizeObserver(() => this.paint()).observe(this.node);
  }

  set(rows, current) {
    this.rows = rows;
    this.current = current;
    this.space.style.height = `${rows.length * ROW_HEIGHT}px`;
    this.drawn.clear();
    this.space.replaceChildren();
    this.paint();
  }

  paint() {
    const first = Math.max(0, Math.floor(this.node.scrollTop / ROW_HEIGHT) - BEYOND);
    const last = Math.min(
      this.rows.length,
      Math.ceil((this.node.scrollTop + this.node.clientHeight) / ROW_HEIGHT) + BEYOND,
    );
    for (const [at, node] of this.drawn) {
      if (at < first || at >= last) {
        node.remove();
        this.drawn.delete(at);
      }
    }
    for (let at = first; at < last; at++) if (!this.drawn.has(at)) this.place(at);
    this.mark();
  }

  place(at) {
    const row = this.rows[at];
    const attributes = {
      class: "row",
      role: "option",
      id: `row-${at}`,
      "data-id": row.id,
      "aria-posinset": at + 1,
      "aria-setsize": this.rows.length,
      onclick: () => this.choose(row),
    };
    const node = el("div", attributes, this.draw(row));
    node.style.transform = `translateY(${at * ROW_HEIGHT}px)`;
    this.drawn.set(at, node);
    this.space.append(node);
  }

  mark() {
    this.node.removeAttribute("aria-activedescendant");
    for (const [at, node] of this.drawn) {
      const chosen = this.rows[at].id === this.current;
      node.setAttribute("aria-selected", String(chosen));
      if (chosen) this.node.setAttribute("aria-activedescendant", node.id);
    }
  }

  // Take the row `by` rows further, or the first.
  step(by) {
    if (!this.rows.length) return;
    const at = this.rows.findIndex((row) => row.id === this.current);
    const next = at < 0 ? 0 : Math.min(this.rows.length - 1, Math.max(0, at + by));
    this.reveal(next);
    this.choose(this.rows[next]);
  }

  reveal(at) {
    const top = at * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.node;
    if (top < scrollTop) this.node.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) this.node.scrollTop = top + ROW_HEIGHT - clientHeight;
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -this.rows.length, End: this.rows.length }[
      event.key
    ];
    if (by === undefined) return;
    event.preventDefault();
    this.step(by);
  }
}
