/* Draws on the map with mouse, pen or finger: an outline, a box, or the line of a walk. */

import { el } from "./dom.js";

const LEAST = 8; // CSS pixels; a shorter stroke is a slip
const STEP = 4; // between two points that are kept

export class Pen {
  constructor(stage, tone, done) {
    this.tone = tone;
    this.done = done; // (tool, [[across, down]], added)
    this.sheet = el("canvas", { class: "map-pen", "aria-hidden": "true" });
    stage.append(this.sheet);
    this.sheet.addEventListener("pointerdown", (event) => this.begin(event));
    this.sheet.addEventListener("pointermove", (event) => this.go(event));
    this.sheet.addEventListener("pointerup", (event) => this.end(event));
    this.sheet.addEventListener("pointercancel", () => this.wipe());
    this.use("move");
  }

  use(tool) {
    this.tool = tool;
    this.sheet.style.display = tool === "move" ? "none" : "block"; // one layer less to compose
    this.sheet.style.pointerEvents = "auto";
    this.wipe();
  }

  at(event) {
    const box = this.sheet.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  begin(event) {
    this.sheet.width = this.sheet.clientWidth;
    this.sheet.height = this.sheet.clientHeight;
    this.sheet.setPointerCapture(event.pointerId);
    this.stroke = [this.at(event)];
  }

  go(event) {
    if (!this.stroke) return;
    const [across, down] = this.at(event);
    const [lastAcross, lastDown] = this.stroke.at(-1);
    if (this.tool === "box") {
      const [[left, top]] = this.stroke;
      this.stroke = [[left, top], [across, top], [across, down], [left, down]];
    } else if (Math.hypot(across - lastAcross, down - lastDown) >= STEP) {
      this.stroke.push([across, down]);
    }
    this.draw();
  }

  draw() {
    const context = this.sheet.getContext("2d");
    context.clearRect(0, 0, this.sheet.width, this.sheet.height);
    context.strokeStyle = this.tone("--map-ring");
    context.lineWidth = 2;
    context.setLineDash(this.tool === "walk" ? [] : [5, 4]);
    context.beginPath();
    for (const [across, down] of this.stroke) context.lineTo(across, down);
    if (this.tool !== "walk") context.closePath();
    context.stroke();
  }

  end(event) {
    const stroke = this.stroke ?? [];
    this.wipe();
    const spread = (axis) => Math.max(...stroke.map((point) => point[axis])) - Math.min(...stroke.map((point) => point[axis]));
    if (stroke.length < 2 || Math.max(spread(0), spread(1)) < LEAST) return;
    this.done(this.tool, stroke, event.shiftKey);
  }

  wipe() {
    this.stroke = null;
    this.sheet.getContext("2d").clearRect(0, 0, this.sheet.width, this.sheet.height);
  }
}
