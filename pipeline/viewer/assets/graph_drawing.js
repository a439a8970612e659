// What a graph is drawn with: circles for servers and tools, gentle lines for what runs between them.

import { hueOf, svg } from "./dom.js";

export function drawnCluster(cluster, servers) {
  return svg(
    "g",
    { class: "cluster", "--hue": hueOf(cluster.server, servers), "data-server": cluster.server },
    svg("circle", { cx: cluster.x, cy: cluster.y, r: cluster.r }),
    svg("text", { x: cluster.x, y: cluster.y - cluster.r - 8 }, cluster.server),
  );
}

export function drawnLink(link, points) {
  return svg("path", {
    class: `link ${link.kind} ${link.confirmed ? "confirmed" : "believed"}`,
    d: curve(points.get(link.source), points.get(link.target), 8),
    "--weight": link.confidence,
  });
}

export function drawnTool(tool, degree, points, servers) {
  const { x, y } = points.get(tool.id);
  const r = 4.5 + Math.min(6, Math.sqrt(degree) * 0.9);
  const name = tool.name.length > 26 ? `${tool.name.slice(0, 25)}…` : tool.name;
  return svg(
    "g",
    {
      class: `tool ${tool.access} ${tool.barred ? "barred" : ""}`,
      "data-tool": tool.id,
      "--hue": hueOf(tool.server, servers),
    },
    svg("title", {}, tool.id),
    svg("circle", { cx: x, cy: y, r }),
    svg("text", { class: "name", x, y: y + r, dy: "1em" }, name),
    svg("text", { class: "order", x, y, dy: "0.35em" }),
  );
}

// A gentle bend to the left of the way, so that there and back are two lines.
export function curve(a, b, short) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const [mx, my] = [(a.x + b.x) / 2 + dy * 0.16, (a.y + b.y) / 2 - dx * 0.16];
  const far = Math.hypot(b.x - mx, b.y - my) || 1;
  const [ex, ey] = [b.x - ((b.x - mx) / far) * short, b.y - ((b.y - my) / far) * short];
  return `M ${a.x.toFixed(1)} ${a.y.toFixed(1)} Q ${mx.toFixed(1)} ${my.toFixed(1)} ${ex.toFixed(1)} ${ey.toFixed(1)}`;
}

export function arrows() {
  const head = (kind) =>
    svg(
      "marker",
      {
        id: `head-${kind}`,
        class: `head ${kind}`,
        viewBox: "0 0 8 8",
        refX: 6,
        refY: 4,
        markerWidth: 6,
        markerHeight: 6,
        orient: "auto-start-reverse",
      },
      svg("path", { d: "M 0 0.6 L 7 4 L 0 7.4 z" }),
    );
  return svg("defs", {}, head("data"), head("state"), head("trail"));
}
