// Moving about in a drawing: drag, wheel, two fingers, buttons.

const CLOSEST = 6;

// The transform of the group `view` inside the element `frame`; `moved(scale)` is told of every change.
export class Sight {
  constructor(frame, view, moved) {
    Object.assign(this, { frame, view, moved, x: 0, y: 0, scale: 1, least: 0.1, fingers: new Map(), dragged: 0 });
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.down(event));
    frame.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "pointerleave"])
      frame.addEventListener(name, (event) => this.fingers.delete(event.pointerId));
  }

  // Bring a box {x, y, width, height} of the drawing into sight.
  fit(box, margin = 24) {
    const { width, height } = this.frame.getBoundingClientRect();
    if (!width || !height) return;
    const scale = Math.min((width - 2 * margin) / box.width, (height - 2 * margin) / box.height, 2.4);
    this.scale = scale;
    this.x = width / 2 - (box.x + box.width / 2) * scale;
    this.y = height / 2 - (box.y + box.height / 2) * scale;
    this.paint();
  }

  zoom(by, x, y) {
    const { width, height } = this.frame.getBoundingClientRect();
    const [cx, cy] = [x ?? width / 2, y ?? height / 2];
    const scale = Math.min(CLOSEST, Math.max(this.least, this.scale * by));
    this.x = cx - ((cx - this.x) * scale) / this.scale;
    this.y = cy - ((cy - this.y) * scale) / this.scale;
    this.scale = scale;
    this.paint();
  }

  paint() {
    this.view.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.scale})`);
    this.moved(this.scale);
  }

  wheel(event) {
    event.preventDefault();
    const frame = this.frame.getBoundingClientRect();
    this.zoom(
      Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)),
      event.clientX - frame.left,
      event.clientY - frame.top,
    );
  }

  down(event) {
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.dragged = 0;
  }

  move(event) {
    const last = this.fingers.get(event.pointerId);
    if (!last) return;
    const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
    this.dragged += Math.abs(dx) + Math.abs(dy);
    const before = this.spread();
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.x += dx / this.fingers.size;
    this.y += dy / this.fingers.size;
    const after = this.spread();
    if (before && after) {
      const frame = this.frame.getBoundingClientRect();
      const [a, b] = [...this.fingers.values()];
      this.zoom(after / before, (a.x + b.x) / 2 - frame.left, (a.y + b.y) / 2 - frame.top);
    }
    this.paint();
  }

  spread() {
    const [a, b] = [...this.fingers.values()];
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  }

  // Whether the pointer was moved since it went down: then what follows is no click.
  get wasDragged() {
    return this.dragged > 6;
  }
}
