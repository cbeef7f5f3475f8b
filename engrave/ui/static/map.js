/* The map of the collection: WebGL points from binary files, a legend that filters, a card on hover. */

import { button, el, MEMORY, plural } from "./dom.js";
import { colours, scale } from "./palette.js";

const FACETS = ["subject", "technique", "book", "decade"];
const SVG_LIMIT = 8000; // points that a browser without WebGL can still draw

async function binary(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.arrayBuffer();
}

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

class CollectionMap {
  constructor({ element, props, trigger, watch }) {
    this.element = element;
    this.trigger = trigger;
    this.props = props;
    this.marked = []; // what a search found
    this.active = new Set(); // codes that the legend keeps; empty means all
    this.facet = FACETS[0];
    this.chunks = new Map();
    this.build();
    watch("value", () => this.mark());
  }

  get files() {
    return this.props.value.files;
  }

  build() {
    this.canvas = el("div", { class: "map-canvas" });
    this.card = el("div", { class: "map-card", hidden: true, "aria-hidden": "true" });
    this.legend = el("div", { class: "legend" });
    this.choose = el(
      "select",
      { "aria-label": "Colour by", on: { change: () => this.colour(this.choose.value) } },
      FACETS.map((name) => el("option", { value: name }, name)),
    );
    const zoom = el(
      "div",
      { class: "map-zoom" },
      button("+", () => this.zoom(0.6), { "aria-label": "Zoom in" }),
      button("−", () => this.zoom(1 / 0.6), { "aria-label": "Zoom out" }),
      button("⤢", () => this.reset(), { "aria-label": "Show the whole map" }),
    );
    const label = `Map of ${plural(this.files.count, "engraving")}; the search does the same by keyboard`;
    this.stage = el("div", { class: "map-stage", role: "group", "aria-label": label }, this.canvas, zoom, this.card);
    this.shown = el("span", { class: "facts", role: "status" });
    this.all = button("Show all", () => { this.active.clear(); this.filter(); }, { hidden: true });
    const tools = el("div", { class: "map-tools" }, el("label", {}, "Colour by ", this.choose), this.shown, this.all);
    this.element.querySelector(".widget").replaceChildren(tools, this.stage, this.legend);
  }

  async load() {
    const [facets, xy] = await Promise.all([fetch(this.files.facets).then((answer) => answer.json()), binary(this.files.xy), script(this.files.plotly)]);
    this.facets = facets;
    const pairs = new Float32Array(xy);
    this.count = pairs.length / 2;
    this.x = new Float32Array(this.count);
    this.y = new Float32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      this.x[i] = pairs[2 * i];
      this.y[i] = pairs[2 * i + 1];
    }
    await this.draw();
    await this.colour(this.facet);
    await this.mark();
    this.element.dataset.points = this.count;
    new ResizeObserver(() => this.fit()).observe(this.canvas);
  }

  /* Follows the room that the page gives, and shows the whole map again. */
  async fit() {
    const { clientWidth, clientHeight } = this.canvas;
    const { width, height } = this.canvas._fullLayout;
    if (clientWidth === 0 || (Math.abs(clientWidth - width) < 1 && Math.abs(clientHeight - height) < 1)) return;
    await window.Plotly.Plots.resize(this.canvas);
    await this.reset();
  }

  tone(name) {
    return getComputedStyle(this.element).getPropertyValue(name).trim();
  }

  async draw() {
    const webgl = hasWebGL();
    if (!webgl && this.count > SVG_LIMIT) throw new Error("no WebGL");
    const type = webgl ? "scattergl" : "scatter";
    const clear = "rgba(0,0,0,0)";
    const ring = (size, width) => ({ type, mode: "markers", x: [], y: [], hoverinfo: "skip", marker: { size, symbol: "circle-open", color: this.tone("--map-ring"), line: { width } } });
    const points = {
      type, mode: "markers", x: this.x, y: this.y, hoverinfo: "none",
      marker: { size: this.count < 2000 ? 8 : this.count < 20000 ? 5 : 2, opacity: 0.8, color: this.tone("--map-grey") },
      selected: { marker: { opacity: 0.9 } },
      unselected: { marker: { color: this.tone("--map-grey"), opacity: 0.3 } },
    };
    const [x, y] = this.whole();
    const layout = {
      margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: clear, plot_bgcolor: clear, dragmode: "pan", hovermode: "closest",
      hoverdistance: 12, showlegend: false, uirevision: "keep", xaxis: { visible: false, range: x }, yaxis: { visible: false, range: y },
    };
    const config = { displayModeBar: false, scrollZoom: true, doubleClick: false };
    await window.Plotly.newPlot(this.canvas, [points, ring(12, 2), ring(20, 3)], layout, config);
    this.canvas.on("plotly_click", (event) => this.pick(event));
    this.canvas.on("plotly_hover", (event) => this.hover(event));
    this.canvas.on("plotly_doubleclick", () => this.reset());
    this.canvas.on("plotly_unhover", () => { this.card.hidden = true; this.hovered = null; });
  }

  async colour(facet) {
    if (!this.facets[facet]) return;
    const { names, codes } = this.facets[facet];
    const bytes = await binary(this.files.folder.replace("NAME", codes));
    this.codes = bytes.byteLength === this.count ? new Uint8Array(bytes) : new Uint16Array(bytes);
    this.facet = facet;
    this.active.clear();
    this.tones = colours(facet, names);
    const marker = { "marker.color": [Array.from(this.codes)], "marker.colorscale": [scale(this.tones)], "marker.cmin": -0.5, "marker.cmax": names.length - 0.5 };
    await window.Plotly.restyle(this.canvas, marker, [0]);
    this.drawLegend(names);
    await this.filter();
    this.element.dataset.facet = facet;
  }

  drawLegend(names) {
    const counts = new Array(names.length).fill(0);
    for (const code of this.codes) counts[code] += 1;
    const order = names.map((_, code) => code).filter((code) => counts[code] > 0);
    if (this.facet !== "decade") order.sort((one, other) => counts[other] - counts[one]);
    const entry = (code) => {
      const swatch = el("i", { style: { background: this.tones[code] } });
      const chip = el("button", { type: "button", class: "legend-chip", "aria-pressed": "false" }, swatch, String(names[code]), el("small", {}, ` ${counts[code]}`));
      chip.addEventListener("click", () => this.toggle(code, chip));
      return chip;
    };
    this.legend.replaceChildren(...order.map(entry));
  }

  toggle(code, chip) {
    if (!this.active.delete(code)) this.active.add(code);
    chip.setAttribute("aria-pressed", String(this.active.has(code)));
    this.filter();
  }

  /* Greys what the legend leaves out and, while a search is shown, what it did not find. */
  async filter() {
    const filtered = this.active.size > 0;
    const kept = filtered ? Array.from(this.codes.keys()).filter((index) => this.active.has(this.codes[index])) : null;
    const found = this.marked.length > 0 ? this.marked.filter((index) => !this.greyed(index)) : kept;
    await window.Plotly.restyle(this.canvas, { selectedpoints: [found] }, [0]);
    if (!filtered) for (const chip of this.legend.children) chip.setAttribute("aria-pressed", "false");
    const shown = filtered ? kept.length : this.count;
    this.legend.classList.toggle("filtered", filtered);
    this.all.hidden = !filtered;
    this.shown.textContent = filtered ? `${shown.toLocaleString("en")} of ${plural(this.count, "engraving")}` : plural(shown, "engraving");
    this.element.dataset.shown = shown;
  }

  /* Rings round what a search found and round the open engraving. */
  async mark() {
    if (!this.x) return;
    const { marked = [], focus = null } = this.props.value;
    const known = marked.filter((index) => index >= 0 && index < this.count);
    this.marked = known;
    if (this.codes) await this.filter();
    const one = focus === null || focus >= this.count ? [] : [focus];
    const at = (values, indices) => indices.map((index) => values[index]);
    const places = { x: [at(this.x, known), at(this.x, one)], y: [at(this.y, known), at(this.y, one)] };
    await window.Plotly.restyle(this.canvas, places, [1, 2]);
    if (one.length > 0) this.bringIntoView(one[0]);
    this.element.dataset.marked = known.length;
    this.element.dataset.focus = one.length > 0 ? one[0] : "";
  }

  /* Ranges that show all points with a margin, one unit being as long across as up. */
  whole() {
    const span = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    const [[left, right], [bottom, top]] = [span(this.x), span(this.y)];
    const { clientWidth, clientHeight } = this.canvas;
    const unit = 1.08 * Math.max((right - left) / clientWidth, (top - bottom) / clientHeight, 1e-6);
    const around = (low, high, size) => [(low + high - unit * size) / 2, (low + high + unit * size) / 2];
    return [around(left, right, clientWidth), around(bottom, top, clientHeight)];
  }

  ranges() {
    const { xaxis, yaxis } = this.canvas._fullLayout;
    return [xaxis.range.map(Number), yaxis.range.map(Number)];
  }

  bringIntoView(index) {
    const inside = (value, [low, high]) => value >= low && value <= high;
    const [xs, ys] = this.ranges();
    if (inside(this.x[index], xs) && inside(this.y[index], ys)) return;
    this.show(this.x[index], this.y[index], (xs[1] - xs[0]) / 2, (ys[1] - ys[0]) / 2);
  }

  show(x, y, halfWidth, halfHeight) {
    return window.Plotly.relayout(this.canvas, { "xaxis.range": [x - halfWidth, x + halfWidth], "yaxis.range": [y - halfHeight, y + halfHeight] });
  }

  zoom(factor) {
    const [xs, ys] = this.ranges();
    this.show((xs[0] + xs[1]) / 2, (ys[0] + ys[1]) / 2, ((xs[1] - xs[0]) / 2) * factor, ((ys[1] - ys[0]) / 2) * factor);
  }

  reset() {
    const [x, y] = this.whole();
    return window.Plotly.relayout(this.canvas, { "xaxis.range": x, "yaxis.range": y });
  }

  greyed(index) {
    return this.active.size > 0 && !this.active.has(this.codes[index]);
  }

  pick(event) {
    const point = event.points.find((candidate) => candidate.curveNumber === 0);
    if (point && !this.greyed(point.pointNumber)) this.trigger("open", { index: point.pointNumber });
  }

  async hover(event) {
    const point = event.points.find((candidate) => candidate.curveNumber === 0);
    if (!point || this.greyed(point.pointNumber)) return;
    const index = point.pointNumber;
    this.hovered = index;
    const words = el("p", {}, "…");
    this.card.replaceChildren(this.sprite(index), words, el("small", {}, MEMORY));
    this.placeCard(point);
    const [caption, origin] = await this.words(index);
    if (this.hovered === index) words.replaceChildren(caption, el("small", {}, origin));
  }

  placeCard(point) {
    const left = point.xaxis.l2p(point.xaxis.d2l(point.x));
    const top = point.yaxis.l2p(point.yaxis.d2l(point.y));
    this.card.hidden = false;
    const { clientWidth, clientHeight } = this.stage;
    const { offsetWidth, offsetHeight } = this.card;
    const flip = (value, size, room) => (value + 14 + size > room ? Math.max(0, value - 14 - size) : value + 14);
    this.card.style.left = `${flip(left, offsetWidth, clientWidth)}px`;
    this.card.style.top = `${Math.min(flip(top, offsetHeight, clientHeight), Math.max(0, clientHeight - offsetHeight))}px`;
  }

  /* The thumbnail of an item, cut from its sheet of 10 x 10 cells. */
  sprite(index) {
    const cell = index % 100;
    const sheet = this.files.folder.replace("NAME", `atlas-${String(Math.floor(index / 100)).padStart(3, "0")}.webp`);
    const place = `${((cell % 10) * 100) / 9}% ${(Math.floor(cell / 10) * 100) / 9}%`;
    return el("div", { class: "sprite", style: { "background-image": `url("${sheet}")`, "background-position": place } });
  }

  words(index) {
    const chunk = Math.floor(index / this.files.chunk);
    if (!this.chunks.has(chunk)) {
      const url = this.files.captions.replace("NUMBER", chunk);
      this.chunks.set(chunk, fetch(url).then((answer) => answer.json()).catch(() => []));
    }
    return this.chunks.get(chunk).then((lines) => lines[index % this.files.chunk] ?? ["", ""]);
  }
}

/* value: {files: {...}, marked: [index], focus: index} */
export async function map(context) {
  if (!context.props.value?.files) {
    context.element.querySelector(".widget").replaceChildren(el("p", { class: "empty" }, "There is no collection to map yet."));
    return;
  }
  const view = new CollectionMap(context);
  try {
    await view.load();
  } catch (error) {
    console.warn(error);
    view.stage.replaceChildren(el("p", { class: "empty" }, "The map needs WebGL, which this browser does not offer; search below instead."));
    context.element.dataset.points = 0;
  }
}
