// Texts of unknown origin, as text nodes: what cannot be seen is made visible, what could reorder the page is named.

import { el } from "./dom.js";

const UNSEEN = new RegExp(
  [
    "\\x1b\\[[0-9;:?]*[ -/]*[@-~]",
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]",
    "[\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2064\\u2066-\\u2069\\ufeff\\ufff9-\\ufffb]",
    "[\\ud800-\\udbff](?![\\udc00-\\udfff])",
    "(?<![\\ud800-\\udbff])[\\udc00-\\udfff]",
  ].join("|"),
  "g",
);
const NAMES = {
  0x061c: "ALM",
  0x200b: "ZWSP",
  0x200e: "LRM",
  0x200f: "RLM",
  0x2028: "LS",
  0x2029: "PS",
  0x202a: "LRE",
  0x202b: "RLE",
  0x202c: "PDF",
  0x202d: "LRO",
  0x202e: "RLO",
  0x2060: "WJ",
  0x2066: "LRI",
  0x2067: "RLI",
  0x2068: "FSI",
  0x2069: "PDI",
  0xfeff: "BOM",
};

function unseen(found) {
  const code = found.charCodeAt(0);
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  let sign = NAMES[code] ?? hex;
  if (code < 0x20) sign = String.fromCharCode(0x2400 + code) + found.slice(1);
  else if (code === 0x7f) sign = "\u2421";
  return el("span", { class: "unseen", title: `${hex}, shown and not obeyed` }, sign);
}

export function shownText(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > from) nodes.push(text.slice(from, found.index));
    nodes.push(unseen(found[0]));
    from = found.index + found[0].length;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

// A text cut at the ends of its marks; `wrap(ids, nodes)` makes the element of a part that marks cover.
// marks: [{start, end, id}]; breaks: [{at, indent}], line breaks that are shown but are not part of the text.
export function markedText(text, marks, wrap, breaks = []) {
  const cuts = new Set([0, text.length]);
  for (const mark of marks) cuts.add(Math.min(mark.start, text.length)).add(Math.min(mark.end, text.length));
  const indents = new Map(breaks.map((one) => [one.at, one.indent]));
  for (const at of indents.keys()) cuts.add(at);
  const ends = [...cuts].sort((a, b) => a - b);
  const nodes = [];
  ends.forEach((start, at) => {
    if (indents.has(start)) nodes.push("\n" + "  ".repeat(indents.get(start)));
    const end = ends[at + 1];
    if (end === undefined) return;
    const ids = marks.filter((mark) => mark.start <= start && mark.end >= end).map((mark) => mark.id);
    const shown = shownText(text.slice(start, end));
    nodes.push(...(ids.length ? [wrap(ids, shown)] : shown));
  });
  return nodes;
}

// Where a JSON text on one line may be broken so that people can read it: containers of more than `wide` characters.
export function jsonBreaks(text, wide = 76) {
  if (text.length <= wide || text.length > 20000 || !/^\s*[[{]/.test(text) || text.includes("\n")) return [];
  try {
    JSON.parse(text);
  } catch {
    return [];
  }
  const closes = closings(text);
  const breaks = [];
  const open = [];
  eachSign(text, (sign, at) => {
    const deep = open.length;
    if (sign === "{" || sign === "[") {
      const long = closes.get(at) - at > wide;
      open.push(long);
      if (long) breaks.push({ at: at + 1, indent: open.filter(Boolean).length });
    } else if (sign === "}" || sign === "]") {
      if (open.pop()) breaks.push({ at, indent: open.filter(Boolean).length });
    } else if (open[deep - 1]) {
      breaks.push({ at: text[at + 1] === " " ? at + 2 : at + 1, indent: open.filter(Boolean).length });
    }
  });
  return breaks;
}

function closings(text) {
  const found = new Map();
  const open = [];
  eachSign(text, (sign, at) => {
    if (sign === "{" || sign === "[") open.push(at);
    else if (sign !== ",") found.set(open.pop(), at);
  });
  return found;
}

function eachSign(text, visit) {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (quoted) {
      if (sign === "\\") at++;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if ("{}[],".includes(sign)) visit(sign, at);
  }
}
