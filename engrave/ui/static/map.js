/* The map of the collection: what is on it, what it is coloured by, and what a hand does with it. */

import { button, el, plural } from "./dom.js";
import { onClusterAsked, onInsight, showClusters } from "./insight.js";
import { Address } from "./map-address.js";
import { bitsOf, bytes, rowsOf } from "./map-bits.js";
import { Cards } from "./map-cards.js";
import { Hand } from "./map-hand.js";
import { choice, Legend } from "./map-legend.js";
import { Pen } from "./map-pen.js";
import { Plot } from "./map-plot.js";
import { Sprites, thinned } from "./map-sprites.js";

const WORKED_OUT = ["cluster", "trust", "likeness"];
const WORDS = new Map([["likeness", "likeness to the search"]]);
const LONE = 255;
const REACH = 12; // CSS pixels round a point that are its own
const TOOLS = [
  ["move", "Move", "Drag moves the map, the wheel zooms, a click opens"],
  ["lasso", "Lasso", "Draw round engravings to select them; with Shift they are added"],
  ["box", "Box", "Draw a box to select; with Shift what is in it is added"],
  ["walk", "Walk", "Draw a line; the engravings along it become a walk"],
];

async function binary(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.arrayBuffer();
}

export class CollectionMap {
  /* `arrived` says that the page was just opened, so that its address counts. */
  constructor({ element, props, trigger }, arrived) {
    Object.assign(this, { element, trigger, props, arrived });
    this.selected = new Set();
    this.insight = null;
    this.address = new Address(this);
    this.ends = [];
    this.source = this.files.xy;
    this.build();
  }

  close() {
    this.gone = true;
    for (const end of this.ends) end();
    this.address.forget();
    this.plot.close();
  }

  get value() {
    return this.props.value;
  }

  get files() {
    return this.value.files;
  }

  build() {
    this.canvas = el("div", { class: "map-canvas" });
    this.over = el("canvas", { class: "map-over", "aria-hidden": "true" });
    this.plot = new Plot(this.canvas, () => this.moved());
    this.sprites = new Sprites(this.files.sheets, () => this.later());
    this.legend = new Legend(() => this.filter());
    this.choose = el("select", { "aria-label": "Colour by", disabled: true, on: { change: () => this.colour(this.choose.value) } });
    const zoom = el(
      "div",
      { class: "map-zoom" },
      button("+", () => this.plot.zoom(0.6), { "aria-label": "Zoom in" }),
      button("−", () => this.plot.zoom(1 / 0.6), { "aria-label": "Zoom out" }),
      button("⤢", () => this.plot.reset(), { "aria-label": "Show the whole map" }),
    );
    const label = `Map of ${plural(this.files.count, "engraving")}. Arrow keys move it, plus and minus zoom, Enter opens what stands in the middle; search and table do the same in words`;
    this.aim = el("div", { class: "map-aim", "aria-hidden": "true" });
    this.hands = el("div", { class: "map-hands", role: "application", tabindex: 0, "aria-label": label });
    this.stage = el("div", { class: "map-stage" }, this.canvas, this.over, this.hands, this.aim);
    this.pen = new Pen(this.stage, (name) => this.plot.tone(name), (...stroke) => this.drew(...stroke));
    this.cards = new Cards(this.stage, this.sprites, this.files);
    this.stage.append(zoom);
    this.tools = choice("What the mouse does", TOOLS, "move", (tool) => this.pen.use(tool));
    this.shown = el("span", { class: "facts", role: "status" });
    this.all = button("Show all", () => this.legend.clear(), { hidden: true });
    this.take = button("Select these", () => this.select(this.legend.kept(), true), { hidden: true });
    this.drop = button("Clear selection", () => this.select([], false), { hidden: true });
    this.unpath = button("Clear path", () => { this.cleared = this.value.path; this.mark(); }, { hidden: true });
    this.link = button("Copy link", () => this.address.copy(this.link), { title: "A link that brings back this view" });
    const tools = el("div", { class: "map-tools" }, el("label", {}, "Colour by ", this.choose), this.tools.node, this.link);
    const below = el("div", { class: "map-tools map-state" }, this.shown, this.all, this.take, this.drop, this.unpath);
    this.element.querySelector(".widget").replaceChildren(tools, this.stage, below, this.legend.node);
  }

  async load() {
    const [facets, xy] = await Promise.all([fetch(this.files.facets).then((answer) => answer.json()), binary(this.files.xy)]);
    this.facets = facets;
    const facetsOf = [...Object.keys(facets).filter((name) => facets[name].names.length > 1), ...WORKED_OUT];
    this.choose.replaceChildren(...facetsOf.map((name) => el("option", { value: name }, WORDS.get(name) ?? name)));
    const pairs = new Float32Array(xy);
    this.count = pairs.length / 2;
    const axis = (first) => Float32Array.from({ length: this.count }, (_, row) => pairs[2 * row + first]);
    await this.plot.draw(axis(0), axis(1), this.files.plotly);
    new Hand(this.hands, this);
    await this.colour(facetsOf.includes(this.saved?.colour) ? this.saved.colour : facetsOf[0]);
    const opens = this.saved ? await this.address.restore(this.saved, !this.arrived) : false;
    await this.mark();
    if (this.gone) return;
    this.ready = true;
    this.choose.disabled = false; // before, the first colour could come after the chosen one
    this.element.dataset.points = this.count;
    this.steady = opens;
    const resized = new ResizeObserver(() => this.plot.fit());
    resized.observe(this.canvas);
    this.ends = [() => resized.disconnect(), onInsight((insight) => this.learn(insight)), onClusterAsked(({ x, y, number }) => this.showCluster(x, y, number))];
  }

  moved() {
    this.cards.ask.hidden = true;
    this.later();
  }

  /* Draws what lies over the points, once a frame at most. */
  later() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.overlay();
    });
  }

  overlay() {
    if (this.gone) return;
    const [width, height] = this.plot.size;
    const sharp = window.devicePixelRatio || 1;
    if (this.over.width !== Math.round(width * sharp)) this.over.width = Math.round(width * sharp);
    if (this.over.height !== Math.round(height * sharp)) this.over.height = Math.round(height * sharp);
    const context = this.over.getContext("2d");
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.clearRect(0, 0, width, height);
    const first = new Set([...this.found, ...(this.value.stops ?? [])]);
    const chosen = thinned(this.plot, first, (row) => this.greyed(row));
    for (const [row, across, down] of chosen.reverse()) {
      const faded = this.greyed(row);
      this.sprites.paint(context, row, across, down, faded ? this.plot.tone("--map-grey") : this.legend.tone(row), faded);
    }
    this.element.dataset.thumbnails = chosen.length;
    this.cards.pin(this.value.places ?? [], this.plot);
    if (this.ready) this.address.remember();
  }

  async colour(facet) {
    if (facet === "likeness") this.ramp(facet, this.value.scores ? bytes(this.value.scores) : null, 255, "least", "most like it", "Search, and every engraving shows how well it answers.");
    else if (facet === "trust") this.ramp(facet, this.insight && new Uint8Array(await binary(this.insight.trust)), 100, "0", "100 %", `Share of the 15 true neighbours of an engraving (in 512 dimensions) that are among the 50 nearest on the map${this.insight ? `; ${Math.round(100 * this.insight.mean)} % on average` : ""}.`);
    else if (facet === "cluster") await this.cluster();
    else {
      const { names, codes } = this.facets[facet];
      const found = new Uint8Array(await binary(this.files.folder.replace("NAME", () => encodeURIComponent(codes))));
      await this.paint(facet, this.legend.codesOf(facet, names, found));
    }
    showClusters(facet === "cluster");
  }

  async cluster() {
    if (!this.insight) return this.ramp("cluster", null, 1, "", "", "");
    const names = this.insight.clusters.map(({ name }) => name);
    const codes = new Uint8Array(await binary(this.insight.cluster));
    const lone = Uint8Array.from(codes, (code) => (code === LONE ? names.length : code));
    await this.paint("cluster", this.legend.codesOf("cluster", [...names, "between clusters"], lone));
  }

  ramp(facet, values, highest, low, high, words) {
    const waiting = facet === "likeness" ? "Search first." : "The map is being measured; this takes some seconds, once.";
    const known = values ?? new Uint8Array(this.count);
    return this.paint(facet, this.legend.rampOf(known, highest, low, high, values ? words : waiting));
  }

  async paint(facet, colours) {
    this.facet = facet;
    this.choose.value = facet;
    await this.plot.colour(...colours);
    await this.filter();
    this.element.dataset.facet = facet;
  }

  async learn(insight) {
    this.insight = insight;
    this.element.dataset.insight = insight.clusters.length;
    if (this.facet === "cluster" || this.facet === "trust") {
      const kept = this.legend.namesKept;
      await this.colour(this.facet);
      this.legend.keep(this.saved?.colour === this.facet && kept.length === 0 ? this.saved.keep : kept);
    }
  }

  showCluster(x, y, number) {
    this.legend.clear();
    if (this.facet === "cluster") this.legend.toggle(number);
    this.plot.show(x, y, (this.plot.whole()[0][1] - this.plot.whole()[0][0]) / 8);
  }

  greyed(row) {
    return this.legend.greyed(row) || (this.kept !== null && this.kept !== undefined && !this.kept.has(row));
  }

  get found() {
    return (this.value.found ?? []).filter((row) => row >= 0 && row < this.count);
  }

  /* Greys what the legend, else the selection, else a search leaves out. */
  async filter() {
    const chosen = this.selected.size > 0 ? [...this.selected] : this.facet === "likeness" ? [] : this.found;
    const kept = chosen.length > 0 ? chosen.filter((row) => !this.legend.greyed(row)) : this.legend.kept();
    this.kept = kept === null ? null : new Set(kept);
    await this.plot.keep(kept);
    this.all.hidden = this.take.hidden = !this.legend.filters;
    this.drop.hidden = this.selected.size === 0;
    const picked = this.selected.size > 0 ? ` · ${this.selected.size.toLocaleString("en")} selected` : "";
    this.shown.textContent = this.legend.count(this.count) + picked;
    this.element.dataset.shown = this.legend.filters ? this.legend.kept().length : this.count;
    this.element.dataset.selected = this.selected.size;
    this.later();
  }

  /* Shows what Python marked: found, open, selected, placed, a path. */
  async mark() {
    if (!this.plot.x) return;
    const { focus = null, selected = "", scores = "" } = this.value;
    const one = focus === null || focus >= this.count ? [] : [focus];
    this.selected = new Set(rowsOf(selected).filter((row) => row < this.count));
    const path = this.value.path === this.cleared ? [] : (this.value.path ?? []);
    this.unpath.hidden = path.length === 0;
    await this.plot.mark(this.found, one, path);
    if (scores !== this.scores && this.ready !== undefined) {
      this.scores = scores;
      if (this.facet === "likeness") await this.colour("likeness");
    }
    await this.filter();
    if (one.length > 0 && one[0] !== this.focus && !this.steady) this.plot.bringIntoView(one[0]);
    if (this.ready) this.steady = false;
    this.focus = one[0] ?? null;
    this.element.dataset.marked = this.found.length;
    this.element.dataset.focus = this.focus ?? "";
    this.element.dataset.path = path.length;
  }

  select(rows, added) {
    const fresh = new Set([...(added ? this.selected : []), ...rows]);
    this.selected = fresh;
    this.filter();
    this.trigger("choose", { bits: fresh.size > 0 ? bitsOf(fresh, this.count) : "" });
  }

  drew(tool, stroke, added) {
    const outline = stroke.map(([across, down]) => this.plot.place(across, down));
    if (tool !== "walk") return this.select(this.plot.inside(outline).filter((row) => !this.legend.greyed(row)), added);
    const every = Math.ceil(outline.length / 200);
    const line = outline.filter((_, at) => at % every === 0 || at === outline.length - 1);
    this.trigger("line", { x: line.map(([x]) => x), y: line.map(([, y]) => y) });
    this.tools.press("move");
  }

  drag(dx, dy) {
    this.plot.drag(dx, dy);
  }

  zoom(factor, across, down) {
    this.plot.zoom(factor, across, down);
  }

  whole() {
    this.plot.reset();
  }

  under(across, down) {
    return this.plot.under(across, down, REACH, (row) => !this.legend.greyed(row));
  }

  hover(across, down) {
    const row = this.under(across, down);
    if (row === this.cards.hovered) return;
    if (row === null) return this.leave();
    this.hands.style.cursor = "pointer";
    this.cards.preview(row, ...this.plot.pixel(this.plot.x[row], this.plot.y[row]));
  }

  leave() {
    this.hands.style.cursor = "";
    this.cards.leave();
  }

  /* Opens what is under the pointer, else asks whether something shall be drawn there. */
  click(across, down, byKey = false) {
    const row = this.under(across, down);
    this.cards.ask.hidden = true;
    if (row !== null) return this.trigger("open", { index: row });
    const [x, y] = this.plot.place(across, down);
    this.cards.offer(across, down, byKey, () => this.trigger("draw", { x, y }));
  }
}
