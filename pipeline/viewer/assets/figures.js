// The page of figures: what the run covers, what it lost, what it spent.

import { bars, tiles } from "./charts.js";
import { el, plural, show, spaced } from "./dom.js";
import { store, watch } from "./store.js";
import { shownText } from "./words.js";

const SECONDS_BETWEEN = 10;

export class FiguresPage {
  constructor(source) {
    this.source = source;
    this.node = el("main", { class: "figures-page" });
    this.asked = 0;
    watch(
      (changed) =>
        changed === "rows" && this.node.isConnected && Date.now() - this.asked > SECONDS_BETWEEN * 1000 && this.visit(),
    );
  }

  async visit() {
    this.asked = Date.now();
    try {
      const { coverage, counted, total, spent } = await this.source.figures();
      const rest =
        counted < total &&
        el(
          "p",
          { class: "aside", role: "status" },
          `Counting: ${counted.toLocaleString("en")} of ${plural(total, "sample")} so far.`,
        );
      show(
        this.node,
        rest,
        coverage ? shown(coverage, spent) : el("p", { class: "hint" }, "There are no figures yet."),
      );
      if (coverage && rest && this.node.isConnected) setTimeout(() => this.node.isConnected && this.visit(), 100);
    } catch (error) {
      show(this.node, el("p", { class: "hint" }, error.message));
    }
  }
}

function shown(found, spent) {
  const { tools, edges, shapes, values } = found;
  const used = store.state?.status.spent ?? {};
  const calls = Object.values(spent.servers).reduce((sum, one) => sum + one.calls, 0);
  const facts = [
    ["samples kept", found.samples, lostFact(found)],
    ["turns", shapes.turns, `${percent(shapes.long_share)} with three or more dependent calls`],
    ["tools called", tools.called, `of ${tools.reachable} that can be reached`],
    ["confirmed links followed", edges.confirmed.followed, `of ${edges.confirmed.known}`],
    ["calls in samples", values.calls, `${percent(values.dependent_share)} depend on an earlier one`],
    [
      "live calls",
      (used.calls ?? calls).toLocaleString("en"),
      found.samples ? `${((used.calls ?? calls) / found.samples).toFixed(0)} for each kept sample` : "",
    ],
    [
      "time",
      used.seconds === undefined ? "–" : duration(used.seconds),
      found.samples && used.seconds
        ? `${(used.seconds / found.samples).toFixed(1)} s for each kept sample`
        : "of the last invocation",
    ],
    [
      "tokens",
      (used.tokens ?? 0).toLocaleString("en"),
      used.usd ? `${used.usd.toFixed(2)} USD` : "the teacher was free",
    ],
  ];
  return [
    tiles(facts),
    el("div", { class: "charts" }, charts(found, spent)),
    missing("Tools that no sample calls", Object.entries(tools.not_called)),
    missing(
      "Confirmed links that no sample follows",
      edges.not_followed.map((one) => [one.edge, one.why]),
    ),
  ];
}

function charts(found, spent) {
  const { tools, edges, shapes, values } = found;
  return [
    bars(
      "Kinds of turns",
      "Share of all turns; the line marks the share that is wanted.",
      Object.entries(found.kinds).map(([name, one]) => ({
        name: spaced(name),
        value: one.turns,
        part: one.share,
        mark: one.wanted,
        says: `${one.turns}: ${percent(one.share)}, wanted ${percent(one.wanted)}`,
      })),
    ),
    bars(
      "Coverage",
      "Of what there is to cover.",
      [
        ["tools called", tools.called, tools.reachable],
        ["tools as targets", tools.targets, tools.reachable],
        ["confirmed links", edges.confirmed.followed, edges.confirmed.known],
        ["data links", edges.data.followed, edges.data.known],
        ["enabling links", edges.enabling.followed, edges.enabling.known],
      ].map(([name, value, of]) => ({ name, value, part: of ? value / of : 0, says: `${value} of ${of}` })),
    ),
    counted("Depth of samples", "Longest chain of calls that feed each other.", shapes.depth),
    counted("Calls in a turn", "", shapes.calls_per_turn),
    counted("Calls at once", "Most calls in one step of a turn.", shapes.width),
    counted("Turns and what came before", "", found.relations),
    counted("Where values come from", "Leaves of arguments.", values.sources),
    counted("Servers together", "Pairs of servers in one sample.", top(found.server_pairs, 12)),
    counted("Lost items", "By the stage that lost them.", found.lost),
    counted("Drafts turned down", "By the critic, by mistake.", spent.mistakes),
    bars(
      "Live calls by server",
      "While plans were rehearsed and samples made; failed ones are dark.",
      serverRows(spent.servers),
    ),
  ];
}

function serverRows(servers) {
  const most = Math.max(1, ...Object.values(servers).map((one) => one.calls));
  return Object.entries(servers).map(([name, one]) => ({
    name,
    value: one.calls,
    part: one.calls / most,
    dark: one.failed / most,
    says: `${one.calls}, ${one.failed} failed, ${one.calls ? Math.round(one.ms / one.calls) : 0} ms each`,
  }));
}

function counted(title, note, counts) {
  const entries = Object.entries(counts);
  const most = Math.max(1, ...entries.map(([, count]) => count));
  return bars(
    title,
    note,
    entries.map(([name, value]) => ({
      name: spaced(name),
      value,
      part: value / most,
      says: value.toLocaleString("en"),
    })),
  );
}

function missing(title, entries) {
  if (!entries.length) return null;
  return el(
    "details",
    { class: "fold missing" },
    el("summary", {}, `${title}: ${entries.length}`),
    el(
      "ul",
      {},
      entries.map(([name, why]) => el("li", {}, el("code", {}, name), el("div", { class: "quiet" }, shownText(why)))),
    ),
  );
}

function lostFact(found) {
  const lost = Object.values(found.lost).reduce((sum, count) => sum + count, 0);
  return `${plural(lost, "item")} lost`;
}

function top(counts, most) {
  return Object.fromEntries(
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .slice(0, most),
  );
}

function percent(part) {
  return `${(100 * part).toFixed(0)}\u00a0%`;
}

function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.round(seconds)} s`;
}
