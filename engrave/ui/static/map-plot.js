/* The points in WebGL, one trace for all of them, and what is drawn round them. */

import { el } from "./dom.js";

const SVG_LIMIT = 8000; // points that a browser without WebGL can still draw
const POINTS = 0;
const FOUND = 2;
const FOCUS = 3;

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
  constructor(canvas) {
    this.canvas = canvas;
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
      margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: clear, plot_bgcolor: clear, dragmode: "pan", hovermode: "closest",
      hoverdistance: 12, showlegend: false, uirevision: "keep", xaxis: { visible: false, range: xs }, yaxis: { visible: false, range: ys },
    };
    await window.Plotly.newPlot(this.canvas, [points, path, circle(12, 2), circle(20, 3)], layout, { displayModeBar: false, scrollZoom: true, doubleClick: false });
  }

  on(event, listener) {
    this.canvas.on(`plotly_${event}`, listener);
  }

  colour(values, colorscale, low, high) {
    const marker = { "marker.color": [Array.from(values)], "marker.colorscale": [colorscale], "marker.cmin": low, "marker.cmax": high };
    return window.Plotly.restyle(this.canvas, marker, [POINTS]);
  }

  /* Leaves these in colour and greys the others; null means all in colour. */
  keep(rows) {
    return window.Plotly.restyle(this.canvas, { selectedpoints: [rows] }, [POINTS]);
  }

  mark(found, focus, path) {
    const at = (values, rows) => rows.map((row) => values[row]);
    const places = {
      x: [path.map(([x]) => x), at(this.x, found), at(this.x, focus)],
      y: [path.map(([, y]) => y), at(this.y, found), at(this.y, focus)],
    };
    return window.Plotly.restyle(this.canvas, places, [POINTS + 1, FOUND, FOCUS]);
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
    const { xaxis, yaxis } = this.canvas._fullLayout;
    return [xaxis.range.map(Number), yaxis.range.map(Number)];
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

  show(x, y, halfWidth) {
    const [width, height] = this.size;
    const halfHeight = (halfWidth * height) / width;
    return window.Plotly.relayout(this.canvas, { "xaxis.range": [x - halfWidth, x + halfWidth], "yaxis.range": [y - halfHeight, y + halfHeight] });
  }

  zoom(factor) {
    const [xs, ys] = this.ranges();
    return this.show((xs[0] + xs[1]) / 2, (ys[0] + ys[1]) / 2, ((xs[1] - xs[0]) / 2) * factor);
  }

  reset() {
    const [x, y] = this.whole();
    return window.Plotly.relayout(this.canvas, { "xaxis.range": x, "yaxis.range": y });
  }

  bringIntoView(row) {
    const inside = (value, [low, high]) => value >= low && value <= high;
    const [xs, ys] = this.ranges();
    if (inside(this.x[row], xs) && inside(this.y[row], ys)) return;
    this.show(this.x[row], this.y[row], (xs[1] - xs[0]) / 2);
  }

  /* Follows the room that the page gives; says whether it changed. */
  async fit() {
    const { clientWidth, clientHeight } = this.canvas;
    const [width, height] = this.size;
    if (clientWidth === 0 || (Math.abs(clientWidth - width) < 1 && Math.abs(clientHeight - height) < 1)) return false;
    await window.Plotly.Plots.resize(this.canvas);
    return true;
  }
}
