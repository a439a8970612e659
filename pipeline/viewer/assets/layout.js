// Where the tools of a graph stand: every server a round cluster, tools that feed each other near each other.
// The same graph always gives the same picture.

const GAP = 38;
const ROUNDS = 220;
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

// {clusters: [{server, x, y, r, tools}], points: Map of tool id → {x, y}}
// `wide` is how much wider than high the place for it is.
export function layoutOf(picture, wide = 1.4) {
  const groups = picture.servers.map((server) =>
    picture.tools.filter((tool) => tool.server === server).map((tool) => tool.id),
  );
  const clusters = picture.servers.map((server, at) => ({
    server,
    tools: groups[at],
    local: settled(groups[at], picture.links),
  }));
  for (const cluster of clusters) cluster.r = radiusOf(cluster.local) + 24;
  pack(clusters, Math.sqrt(Math.max(0.6, Math.min(1.8, wide))));
  const points = new Map();
  for (const cluster of clusters)
    cluster.tools.forEach((id, at) =>
      points.set(id, { x: cluster.x + cluster.local[at].x, y: cluster.y + cluster.local[at].y }),
    );
  return { clusters, points };
}

// Points around the origin: tools with links in the middle, the others in rings around them.
function settled(ids, links) {
  const own = new Set(ids);
  const inner = links.filter((link) => link.source !== link.target && own.has(link.source) && own.has(link.target));
  const linked = ids.filter((id) => inner.some((link) => link.source === id || link.target === id));
  const points = new Map();
  sprung(linked, inner).forEach((point, at) => points.set(linked[at], point));
  const alone = ids.filter((id) => !points.has(id));
  let ring = linked.length ? radiusOf([...points.values()]) + GAP : 0;
  while (alone.length) {
    const room = Math.max(1, Math.floor((2 * Math.PI * ring) / GAP));
    const here = alone.splice(0, room);
    here.forEach((id, at) =>
      points.set(id, {
        x: ring * Math.cos((at / here.length) * 2 * Math.PI),
        y: ring * Math.sin((at / here.length) * 2 * Math.PI),
      }),
    );
    ring += GAP;
  }
  return ids.map((id) => points.get(id));
}

// They push each other away, links pull them together, all are drawn to the middle.
function sprung(ids, links) {
  const at = new Map(ids.map((id, number) => [id, number]));
  const points = ids.map((_, number) => ({
    x: GAP * 0.6 * Math.sqrt(number) * Math.cos(number * GOLDEN),
    y: GAP * 0.6 * Math.sqrt(number) * Math.sin(number * GOLDEN),
  }));
  const springs = links.map((link) => [at.get(link.source), at.get(link.target)]);
  for (let round = 0; round < ROUNDS; round++) {
    const step = 1 - round / ROUNDS;
    const moves = points.map((point) => ({ x: -point.x * 0.1, y: -point.y * 0.1 }));
    for (let a = 0; a < points.length; a++) for (let b = a + 1; b < points.length; b++) push(points, moves, a, b);
    for (const [a, b] of springs) pull(points, moves, a, b, springs.length);
    points.forEach((point, number) => {
      point.x += clamp(moves[number].x) * step;
      point.y += clamp(moves[number].y) * step;
    });
  }
  for (let round = 0; round < 60; round++) part(points);
  const [mx, my] = ["x", "y"].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / (points.length || 1));
  return points.map((point) => ({ x: point.x - mx, y: point.y - my }));
}

function push(points, moves, a, b) {
  const [dx, dy] = [points[a].x - points[b].x || 0.01, points[a].y - points[b].y || 0.01];
  const far = dx * dx + dy * dy;
  if (far > 9 * GAP * GAP) return;
  const force = (GAP * GAP * 0.4) / far;
  moves[a].x += dx * force;
  moves[a].y += dy * force;
  moves[b].x -= dx * force;
  moves[b].y -= dy * force;
}

function pull(points, moves, a, b, count) {
  const strength = 0.9 / Math.sqrt(count + 4);
  const [dx, dy] = [points[b].x - points[a].x, points[b].y - points[a].y];
  const far = Math.hypot(dx, dy);
  if (far < GAP) return;
  const force = (strength * (far - GAP)) / far;
  moves[a].x += dx * force;
  moves[a].y += dy * force;
  moves[b].x -= dx * force;
  moves[b].y -= dy * force;
}

// No two points closer than a gap.
function part(points) {
  for (let a = 0; a < points.length; a++) {
    for (let b = a + 1; b < points.length; b++) {
      const [dx, dy] = [points[a].x - points[b].x || 0.01, points[a].y - points[b].y || 0.01];
      const far = Math.hypot(dx, dy);
      if (far >= GAP) continue;
      const by = (GAP - far) / far / 2;
      points[a].x += dx * by;
      points[a].y += dy * by;
      points[b].x -= dx * by;
      points[b].y -= dy * by;
    }
  }
}

function clamp(value) {
  return Math.max(-GAP / 2, Math.min(GAP / 2, value));
}

function radiusOf(points) {
  return Math.max(GAP / 3, ...points.map((point) => Math.hypot(point.x, point.y)));
}

// The largest in the middle, each other one as near to it as there is room.
function pack(clusters, wide) {
  const placed = [];
  const free = (x, y, r) => placed.every((other) => Math.hypot(other.x - x, other.y - y) >= other.r + r + 30);
  for (const cluster of [...clusters].sort((a, b) => b.r - a.r)) {
    [cluster.x, cluster.y] = placed.length ? nearest(cluster.r, free, wide) : [0, 0];
    placed.push(cluster);
  }
}

function nearest(r, free, wide) {
  for (let far = 20; ; far += 14) {
    for (let turn = 0; turn < 48; turn++) {
      const angle = (turn / 48) * 2 * Math.PI;
      const [x, y] = [far * wide * Math.cos(angle), (far / wide) * Math.sin(angle)];
      if (free(x, y, r)) return [x, y];
    }
  }
}
