// Elements from plain calls. Texts become text nodes, always; nothing is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) node.style.setProperty(name, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function el(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

export function show(node, ...children) {
  node.replaceChildren(...children.flat(3).filter(Boolean));
  return node;
}

export function plural(count, one, many = one + "s") {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

export function spaced(name) {
  return String(name ?? "").replaceAll("_", " ");
}

// A hue for every server, far from those of its neighbours, the same on every page.
export function hueOf(server, servers) {
  const at = servers.indexOf(server);
  return at < 0 ? 0 : (at * 137.508 + 190) % 360;
}
