// A sample as a conversation: what the user says, what is thought, called, observed and answered, turn by turn.

import { draftsBefore } from "./drafts.js";
import { el, hueOf, plural, show, spaced } from "./dom.js";
import { placeId } from "./lights.js";
import { store } from "./store.js";
import { jsonBreaks, markedText, shownText } from "./words.js";

const FOLD_FROM = 700;
const ROLES = { user: "User", assistant: "Assistant", tool: "Result", system: "System" };

export class Conversation {
  constructor(details, source, lights) {
    this.details = details;
    this.source = source;
    this.lights = lights;
    this.pages = new Map();
    this.results = new Map();
    this.sources = new Map(details.sources.map((one) => [`${one.call} ${one.argument}`, one]));
    details.messages.forEach((message, at) => message.call_id && this.results.set(message.call_id, at));
  }

  nodes() {
    return this.details.turns.map((turn, number) => this.turn(turn, number));
  }

  turn(turn, number) {
    const [first, last] = turn.messages;
    const parts = [];
    for (let at = first; at <= last; at++) {
      const drafts = this.details.revisions.find((group) => group.message === at);
      if (drafts) parts.push(draftsBefore(drafts, this.details.messages[at]));
      if (turn.masked.includes(at))
        parts.push(
          el("p", { class: "masked" }, "Not to be learnt: this call fails, so that the assistant can read the error."),
        );
      parts.push(this.message(at));
    }
    return el("section", { class: "turn", "aria-label": `Turn ${number + 1}` }, this.head(turn, number), parts);
  }

  head(turn, number) {
    const facts = [spaced(turn.kind), turn.relation, `for ${turn.target}`];
    const withheld =
      turn.withheld.length > 0 &&
      el("p", { class: "aside" }, "Not on offer in this turn: ", turn.withheld.join(", "), ".");
    const made = turn.advanced;
    const advanced =
      made &&
      el(
        "p",
        { class: "aside" },
        "Amounts to ",
        el("code", {}, made.name),
        ": ",
        shownText(made.description),
        ` In: ${made.inputs.join(", ") || "nothing"}. Out: ${made.output}.`,
      );
    return [
      el(
        "h3",
        {},
        el("span", { class: "number" }, `Turn ${number + 1}`),
        facts.map((fact) => el("span", { class: "fact" }, fact)),
      ),
      withheld,
      advanced,
    ];
  }

  message(at) {
    const message = this.details.messages[at];
    if (message.role === "tool")
      return this.results.get(message.call_id) === at && this.calls?.has(message.call_id)
        ? null
        : this.plain(message, at);
    const parts = [];
    if (message.reasoning)
      parts.push(
        el("p", { class: "reasoning" }, el("span", { class: "quiet" }, "Thinks "), shownText(message.reasoning)),
      );
    parts.push(message.calls.map((call) => this.call(call)));
    if (message.text || !(message.calls.length || message.reasoning)) parts.push(this.plain(message, at));
    return parts;
  }

  plain(message, at) {
    const name = ROLES[message.role] ?? String(message.role);
    return el(
      "div",
      { class: `message ${message.role}`, id: `message-${at}` },
      el("div", { class: "who" }, name),
      this.text(at),
    );
  }

  call(call) {
    (this.calls ??= new Set()).add(call.id);
    const at = this.results.get(call.id);
    const title = el(
      "div",
      { class: "call-head" },
      el("span", { class: "dot", "--hue": hueOf(call.server, store.servers) }),
      call.server && el("span", { class: "server" }, call.server),
      el("code", { class: "tool" }, call.name),
      call.fails && el("span", { class: "tag bad" }, "fails"),
      el("span", { class: "call-id" }, call.id),
    );
    const given = Object.entries(call.arguments ?? {});
    const rows = given.map(([name, value]) => [
      el("dt", {}, name),
      el("dd", {}, this.value(call, `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, value)),
    ]);
    return el(
      "article",
      {
        class: `call${call.fails ? " fails" : ""}`,
        id: `call-${call.id}`,
        "--hue": hueOf(call.server, store.servers),
        "aria-label": `Call ${call.id} of ${call.name}`,
      },
      title,
      given.length ? el("dl", { class: "arguments" }, rows) : el("p", { class: "aside none" }, "No arguments."),
      at !== undefined && el("div", { class: "result", id: `message-${at}` }, this.text(at)),
    );
  }

  // A value of an argument; every leaf that has a source can be pointed at.
  value(call, pointer, value) {
    if (value !== null && typeof value === "object") {
      const listed = Array.isArray(value);
      const parts = Object.entries(value).map(([key, inner], number) => [
        number > 0 && ", ",
        !listed && el("span", { class: "key" }, shownText(key), ": "),
        this.value(call, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, inner),
      ]);
      return [listed ? "[" : "{", parts, listed ? "]" : "}"];
    }
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const known = this.sources.get(`${call.id} ${pointer}`);
    if (!known) return el("span", { class: "value" }, shownText(text));
    const node = el(
      "button",
      { type: "button", class: `leaf from-${known.kind}`, "data-call": call.id, "data-argument": pointer },
      el("span", { class: "value" }, text === "" ? "(empty)" : shownText(text)),
      el("span", { class: "from" }, fromShort(known)),
    );
    this.lights.addTaker(node, known.says, known.at, (place) => this.go(place));
    return node;
  }

  // The text of a message: a page of it, folded when it is long.
  text(at) {
    const box = el("div", { class: "text", dir: "auto" });
    this.pages.set(at, { box, page: this.details.messages[at] });
    this.paint(at);
    return box;
  }

  paint(at, open = false) {
    const { box, page } = this.pages.get(at);
    this.lights.forgetMarks(at);
    const long = page.text.length > FOLD_FROM || page.text.split("\n").length > 14;
    const folded = long && !open;
    const shown = el("div", { class: folded ? "shown folded" : "shown" }, this.marked(at, page));
    const unfold =
      folded &&
      el(
        "button",
        { type: "button", class: "more", onclick: () => this.paint(at, true) },
        `Show all ${plural(page.characters, "character")}`,
      );
    show(box, shown, unfold, page.pages > 1 && this.pager(at, page));
  }

  marked(at, page) {
    const here = [...this.details.sources, ...this.details.facts]
      .map((one) => one.at)
      .filter((one) => one && one.message === at && one.page === page.page);
    const marks = [...new Map(here.map((one) => [placeId(one), { ...one, id: placeId(one) }])).values()];
    this.details.facts.forEach((fact, number) => {
      if (fact.here.message === at && fact.here.page === page.page) marks.push({ ...fact.here, id: number });
    });
    return markedText(page.text, marks, (ids, nodes) => this.part(ids, at, nodes), jsonBreaks(page.text));
  }

  part(ids, at, nodes) {
    const places = ids.filter((id) => typeof id === "string");
    const fact = this.details.facts[ids.find((id) => typeof id === "number")];
    const inner = places.length ? [this.lights.addMark(places, at, nodes)] : nodes;
    if (!fact) return inner[0];
    const node = el("span", { class: "told", tabindex: 0, role: "button" }, inner);
    this.lights.addTaker(node, fact.says, fact.at, (place) => this.go(place));
    return node;
  }

  pager(at, page) {
    const turn = (by) => this.turnTo(at, page.page + by);
    return el(
      "div",
      { class: "pager" },
      this.source.live &&
        el("button", { type: "button", disabled: page.page === 0, onclick: () => turn(-1) }, "‹ Back"),
      el("span", {}, `Page ${page.page + 1} of ${page.pages}, ${plural(page.characters, "character")} in all`),
      this.source.live &&
        el("button", { type: "button", disabled: page.page + 1 === page.pages, onclick: () => turn(1) }, "On ›"),
    );
  }

  async turnTo(at, number) {
    const known = this.pages.get(at);
    if (known.page.page !== number) known.page = await this.source.message(this.details.id, at, number);
    this.paint(at, true);
  }

  // Bring a place into the page: its page is shown, its fold opened.
  async go(place) {
    const known = this.pages.get(place.message);
    if (!this.source.live && known.page.page !== place.page) return;
    if (known.page.page !== place.page || known.box.querySelector(".folded"))
      await this.turnTo(place.message, place.page);
  }
}

function fromShort(source) {
  if (source.kind === "user") return "user";
  if (source.kind !== "output") return source.kind;
  return `↑ ${/\((.*?)\)/.exec(source.says)?.[1] ?? "output"}`;
}
