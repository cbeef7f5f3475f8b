/* What mouse, pen, fingers and keys do to the map: drag, zoom, hover, click. */

const SLIP = 4; // CSS pixels that a click may wander
const DOUBLE_MS = 350; // between the clicks of a double click
const NOTCH = 1.0015; // zoom for each pixel of the wheel
const MOST = 240; // pixels of one turn that count: some mice report whole pages
const PAN = 60; // CSS pixels an arrow key moves
const LINE = 18; // CSS pixels, where a wheel counts in lines
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Hand {
  /* `map`: drag(dx, dy), zoom(factor, across, down), hover(across, down), leave(), click(across, down, byKey), whole() */
  constructor(node, map) {
    Object.assign(this, { node, map });
    this.fingers = new Map();
    this.clicked = -Infinity;
    const on = (name, listener, options) => node.addEventListener(name, (event) => listener.call(this, event), options);
    on("pointerdown", this.press);
    on("pointermove", this.move);
    on("pointerup", this.lift);
    on("pointercancel", this.lift);
    on("pointerleave", () => map.leave());
    on("wheel", this.wheel, { passive: false });
    on("keydown", this.key);
  }

  at(event) {
    const box = this.node.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    if (event.button !== 0) return;
    this.node.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.at(event));
    this.wandered = this.fingers.size > 1 ? Infinity : 0;
  }

  move(event) {
    const last = this.fingers.get(event.pointerId);
    const now = this.at(event);
    if (!last) return event.pointerType === "mouse" ? this.map.hover(...now) : undefined;
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, now);
    const [dx, dy] = [now[0] - last[0], now[1] - last[1]];
    this.wandered += Math.hypot(dx, dy);
    if (other) this.pinch(last, now, other);
    else if (this.wandered > SLIP) this.map.drag(dx, dy);
  }

  /* Two fingers: what lies between them stays there. */
  pinch(last, now, other) {
    const apart = (one) => Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
    const middle = (one) => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
    const [from, to] = [middle(last), middle(now)];
    this.map.drag(to[0] - from[0], to[1] - from[1]);
    this.map.zoom(apart(last) / apart(now), ...to);
  }

  lift(event) {
    const known = this.fingers.delete(event.pointerId);
    if (!known || event.type === "pointercancel" || this.wandered > SLIP) return;
    const twice = event.timeStamp - this.clicked < DOUBLE_MS;
    this.clicked = twice ? -Infinity : event.timeStamp;
    if (twice) this.map.whole();
    else this.map.click(...this.at(event));
  }

  wheel(event) {
    event.preventDefault();
    const turned = event.deltaMode === 0 ? event.deltaY : event.deltaY * LINE;
    this.map.zoom(NOTCH ** Math.max(-MOST, Math.min(MOST, turned)), ...this.at(event));
  }

  /* Arrows move, plus and minus zoom, 0 shows all; Enter acts on the middle. */
  key(event) {
    if (event.target !== this.node || event.ctrlKey || event.metaKey || event.altKey) return;
    const middle = [this.node.clientWidth / 2, this.node.clientHeight / 2];
    const arrow = ARROWS[event.key];
    if (arrow) this.map.drag(PAN * arrow[0], PAN * arrow[1]);
    else if (event.key === "+" || event.key === "=") this.map.zoom(0.6, ...middle);
    else if (event.key === "-") this.map.zoom(1 / 0.6, ...middle);
    else if (event.key === "0" || event.key === "Home") this.map.whole();
    else if (event.key === "Enter" || event.key === " ") this.map.click(...middle, true);
    else if (event.key === "Escape") this.map.leave();
    else return;
    event.preventDefault();
    if (event.key.length === 1 || arrow) this.map.hover(...middle);
  }
}
