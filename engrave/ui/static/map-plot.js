/* The points in WebGL, one trace for all of them, and what is drawn round them. While the map moves, what was drawn is
   shifted and stretched as one picture wherever drawing anew would take longer than a frame should. */

import { el } from "./dom.js";
import { PointIndex } from "./map-index.js";

const SVG_LIMIT = 8000; // points that a browser without WebGL can still draw
const POINTS = 0;
const FOUND = 2;
const FOCUS = 3;
const QUICK_MS = 30; // from frame to frame, below which the map is drawn anew while it moves
const MANY = 20000; // points that are not even tried
const REST_MS = 140; // without a move, after which it is drawn sharp
const LONGEST_REST_MS = 700;
const DEEPEST = 1e-4; // of the whole map, that may be as wide as the view
const WIDEST = 8;

function script(url) {
  return new Promise((resolve, reject) => {
    if (window.Plotly) return resolve();
    document.head.append(el("script", { src: url, on: { load: () => resolve(), error: () => reject(new Error(`${url} did not load`)) } }));
  });
}

function hasWebGL() {
  const canvas = document.createElement("canvas");
  return Boolean(canvas.getContext("webgl2") ?? canvas.getContext("webgl"));
}

export class Plot {
  constructor(canvas, moved) {
    this.canvas = canvas;
    this.moved = moved;
    this.entire = true; // whether the whole map is shown, and shall be whatever room there is
    this.took = 0; // ms of drawing, on the whole
    this.pace = 0; // ms between frames that were drawn anew
  }

  tone(name) {
    return getComputedStyle(this.canvas).getPropertyValue(name).trim();
  }

  async draw(x, y, plotly) {
    await script(plotly);
    this.x = x;
    this.y = y;
    const span = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    this.spans = [span(x), span(y)];
    this.index = new PointIndex(x, y, this.spans);
    const webgl = hasWebGL();
    if (!webgl && x.length > SVG_LIMIT) throw new Error("no WebGL");
    const type = webgl ? "scattergl" : "scatter";
    const clear = "rgba(0,0,0,0)";
    const ring = this.tone("--map-ring");
    const quiet = { type, x: [], y: [], hoverinfo: "skip" };
    const circle = (size, width) => ({ ...quiet, mode: "markers", marker: { size, symbol: "circle-open", color: ring, line: { width } } });
    const points = {
      type, mode: "markers", x, y, hoverinfo: "none",
      marker: { size: x.length < 2000 ? 8 : x.length < 20000 ? 5 : 2, opacity: 0.8, color: this.tone("--map-grey") },
      selected: { marker: { opacity: 0.9 } },
      unselected: { marker: { color: this.tone("--map-grey"), opacity: 0.3 } },
    };
    const path = { ...quiet, mode: "lines+markers", line: { color: ring, width: 2 }, marker: { size: 5, color: ring } };
    const [xs, ys] = this.whole();
    const layout = {
      margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: clear, plot_bgcolor: clear, dragmode: false, hovermode: false,
      showlegend: false, uirevision: "keep", xaxis: { visible: false, range: xs }, yaxis: { visible: false, range: ys },
    };
    this.view = this.drawn = [xs, ys];
    await window.Plotly.newPlot(this.canvas, [points, path, circle(12, 2), circle(20, 3)], layout, { displayModeBar: false, staticPlot: true });
  }

  close() {
    this.closed = true;
    clearTimeout(this.resting);
    cancelAnimationFrame(this.frame);
    window.Plotly?.purge(this.canvas);
  }

  /* What was on its way when the map was closed comes to nothing. */
  change(how, ...what) {
    return this.closed ? Promise.resolve() : window.Plotly[how](this.canvas, ...what);
  }

  colour(values, colorscale, low, high) {
    const marker = { "marker.color": [Array.from(values)], "marker.colorscale": [colorscale], "marker.cmin": low, "marker.cmax": high };
    return this.change("restyle", marker, [POINTS]);
  }

  /* Leaves these in colour and greys the others; null means all in colour. */
  keep(rows) {
    return this.change("restyle", { selectedpoints: [rows] }, [POINTS]);
  }

  mark(found, focus, path) {
    const at = (values, rows) => rows.map((row) => values[row]);
    const places = {
      x: [path.map(([x]) => x), at(this.x, found), at(this.x, focus)],
      y: [path.map(([, y]) => y), at(this.y, found), at(this.y, focus)],
    };
    return this.change("restyle", places, [POINTS + 1, FOUND, FOCUS]);
  }

  /* Ranges that show all points with a margin, one unit being as long across as up. */
  whole() {
    const [[left, right], [bottom, top]] = this.spans;
    const { clientWidth, clientHeight } = this.canvas;
    const unit = 1.08 * Math.max((right - left) / clientWidth, (top - bottom) / clientHeight, 1e-6);
    const around = (low, high, size) => [(low + high - unit * size) / 2, (low + high + unit * size) / 2];
    return [around(left, right, clientWidth), around(bottom, top, clientHeight)];
  }

  ranges() {
    return this.view;
  }

  get size() {
    const { width, height } = this.canvas._fullLayout;
    return [width, height];
  }

  /* Where a place of the map is in the plot, in CSS pixels, and the other way round. */
  pixel(x, y) {
    const [[left, right], [bottom, top]] = this.ranges();
    const [width, height] = this.size;
    return [((x - left) / (right - left)) * width, ((top - y) / (top - bottom)) * height];
  }

  place(across, down) {
    const [[left, right], [bottom, top]] = this.ranges();
    const [width, height] = this.size;
    return [left + (across / width) * (right - left), top - (down / height) * (top - bottom)];
  }

  /* The rows whose points lie inside of an outline of [x, y]. */
  inside(outline) {
    const rows = [];
    for (let row = 0; row < this.x.length; row++) {
      const [x, y] = [this.x[row], this.y[row]];
      let odd = false;
      for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
        const [[x1, y1], [x2, y2]] = [outline[i], outline[j]];
        if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
      }
      if (odd) rows.push(row);
    }
    return rows;
  }

  /* The row under a place of the plot, of those that are wanted, or null. */
  under(across, down, reach, wanted) {
    const [[left, right]] = this.view;
    return this.index.nearest(...this.place(across, down), (reach / this.size[0]) * (right - left), wanted);
  }

  show(x, y, halfWidth) {
    this.entire = false;
    const [width, height] = this.size;
    const halfHeight = (halfWidth * height) / width;
    return this.look([x - halfWidth, x + halfWidth], [y - halfHeight, y + halfHeight]);
  }

  reset() {
    this.entire = true;
    return this.look(...this.whole());
  }

  drag(dx, dy) {
    const [xs, ys] = this.view;
    const [width, height] = this.size;
    const [x, y] = [(dx / width) * (xs[1] - xs[0]), (dy / height) * (ys[1] - ys[0])];
    this.glide(xs.map((value) => value - x), ys.map((value) => value + y));
  }

  /* Zooms round a place of the plot, its middle where none is given. */
  zoom(factor, across = this.size[0] / 2, down = this.size[1] / 2) {
    const [[wholeLeft, wholeRight]] = this.whole();
    const [xs, ys] = this.view;
    const share = (xs[1] - xs[0]) / (wholeRight - wholeLeft);
    const by = Math.min(WIDEST / share, Math.max(DEEPEST / share, factor));
    const [x, y] = this.place(across, down);
    this.glide(xs.map((value) => x + (value - x) * by), ys.map((value) => y + (value - y) * by));
  }

  /* Draws a view now. */
  async look(xs, ys) {
    clearTimeout(this.resting);
    this.view = [xs, ys];
    this.moved();
    await this.sharpen();
  }

  /* Moves on towards a view, once a frame at most: drawn anew where that is quick, else as the picture drawn last. */
  glide(xs, ys) {
    this.entire = false;
    this.view = [xs, ys];
    this.moved(); // now, as what is offered before the next frame belongs to the new view
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.sharpen(), Math.min(LONGEST_REST_MS, Math.max(REST_MS, 2 * this.took)));
    if (this.frame) return;
    this.frame = requestAnimationFrame((now) => {
      this.frame = null;
      if (this.quick(now)) this.sharpen();
      else this.stretch();
    });
  }

  /* Whether this browser draws the points fast enough to do so in every frame; once too slow is slow for good. */
  quick(now) {
    const since = now - this.last;
    this.last = now;
    if (since < 8 * QUICK_MS) this.pace = 0.8 * this.pace + 0.2 * since; // else a new movement began
    this.slow ||= this.pace > QUICK_MS || this.x.length > MANY;
    return !this.slow;
  }

  async sharpen() {
    const [xs, ys] = this.view;
    const begun = performance.now();
    await this.change("relayout", { "xaxis.range": [...xs], "yaxis.range": [...ys] });
    if (this.closed) return;
    this.drawn = [xs, ys];
    this.stretch();
    await new Promise(requestAnimationFrame); // the points themselves are drawn beside the page, so wait until they are
    await new Promise(requestAnimationFrame);
    this.took = 0.5 * this.took + 0.5 * (performance.now() - begun);
  }

  stretch() {
    const [[left, right], [bottom, top]] = this.view;
    const [xs, ys] = this.drawn;
    const [width, height] = this.size;
    const scale = (xs[1] - xs[0]) / (right - left);
    const [across, down] = [((xs[0] - left) / (right - left)) * width, ((top - ys[1]) / (top - bottom)) * height];
    const still = Math.abs(scale - 1) < 1e-9 && Math.hypot(across, down) < 1e-6;
    const picture = this.canvas.querySelector(".plot-container");
    picture.style.transformOrigin = "0 0";
    picture.style.transform = still ? "" : `translate(${across}px, ${down}px) scale(${scale})`;
  }

  bringIntoView(row) {
    const inside = (value, [low, high]) => value >= low && value <= high;
    const [xs, ys] = this.view;
    if (inside(this.x[row], xs) && inside(this.y[row], ys)) return;
    this.show(this.x[row], this.y[row], (xs[1] - xs[0]) / 2);
  }

  /* Follows the room that the page gives: the whole map stays whole, a part keeps its middle and its width. */
  async fit() {
    const { clientWidth, clientHeight } = this.canvas;
    const [width, height] = this.size;
    if (clientWidth === 0 || (Math.abs(clientWidth - width) < 1 && Math.abs(clientHeight - height) < 1)) return;
    await window.Plotly.Plots.resize(this.canvas);
    const [[left, right], [bottom, top]] = this.view;
    await (this.entire ? this.reset() : this.show((left + right) / 2, (bottom + top) / 2, (right - left) / 2));
  }
}
