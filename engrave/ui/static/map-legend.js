/* What the colours mean; a click leaves one value in colour and greys the others. */

import { button, el, plural } from "./dom.js";
import { colours, RAMP, scale } from "./palette.js";

const LONE_TONE = "#cfc6b4"; // of what lies between clusters

export class Legend {
  constructor(changed) {
    this.changed = changed;
    this.node = el("div", { class: "legend" });
    this.active = new Set(); // codes that are kept; empty means all
    this.codes = null; // null while the colours are a ramp
  }

  get filters() {
    return this.active.size > 0;
  }

  greyed(row) {
    return this.active.size > 0 && !this.active.has(this.codes[row]);
  }

  kept() {
    return this.filters ? Array.from(this.codes.keys()).filter((row) => !this.greyed(row)) : null;
  }

  get namesKept() {
    return [...this.active].map((code) => String(this.names[code]));
  }

  clear() {
    this.active.clear();
    for (const chip of this.node.children) chip.setAttribute("aria-pressed", "false");
    this.node.classList.remove("filtered");
    this.changed();
  }

  /* Shows a facet; returns what the plot colours by: [values, colour scale, lowest, highest]. */
  codesOf(facet, names, codes) {
    this.active.clear();
    this.codes = codes;
    this.names = names;
    this.tones = colours(facet, names);
    if (facet === "cluster") this.tones[names.length - 1] = LONE_TONE;
    const counts = new Array(names.length).fill(0);
    for (const code of codes) counts[code] += 1;
    const order = names.map((_, code) => code).filter((code) => counts[code] > 0);
    if (facet !== "decade" && facet !== "cluster") order.sort((one, other) => counts[other] - counts[one]);
    this.node.classList.remove("filtered");
    this.node.replaceChildren(...order.map((code) => this.chip(code, counts[code])));
    return [codes, scale(this.tones), -0.5, names.length - 0.5];
  }

  chip(code, count) {
    const swatch = el("i", { style: { background: this.tones[code] } });
    const chip = el("button", { type: "button", class: "legend-chip", "aria-pressed": "false" }, swatch, String(this.names[code]), el("small", {}, ` ${count}`));
    chip.dataset.code = code;
    chip.addEventListener("click", () => this.toggle(code));
    return chip;
  }

  toggle(code) {
    if (!this.active.delete(code)) this.active.add(code);
    const chip = [...this.node.children].find((one) => Number(one.dataset.code) === code);
    chip?.setAttribute("aria-pressed", String(this.active.has(code)));
    this.node.classList.toggle("filtered", this.filters);
    this.changed();
  }

  /* Keeps what an address names. */
  keep(names) {
    for (const name of names) {
      const code = this.names?.findIndex((one) => String(one) === name) ?? -1;
      if (code >= 0 && !this.active.has(code)) this.toggle(code);
    }
  }

  /* Shows a ramp from low to high. */
  rampOf(values, highest, low, high, words) {
    this.active.clear();
    this.codes = null;
    this.names = [];
    const shares = RAMP.map((tone, step) => [step / (RAMP.length - 1), tone]);
    const stops = shares.map(([share, tone]) => `${tone} ${100 * share}%`).join(", ");
    this.node.classList.remove("filtered");
    this.node.replaceChildren(
      el("div", { class: "ramp" }, el("span", {}, low), el("i", { style: { background: `linear-gradient(to right, ${stops})` } }), el("span", {}, high), el("p", { class: "facts" }, words)),
    );
    this.ramp = { values, highest };
    return [values, shares, 0, highest];
  }

  /* The colour of one point, for the edge of its thumbnail. */
  tone(row) {
    if (this.codes) return this.tones[this.codes[row]];
    if (!this.ramp) return "#999";
    const step = Math.round((this.ramp.values[row] / this.ramp.highest) * (RAMP.length - 1));
    return RAMP[Math.min(step, RAMP.length - 1)];
  }

  count(total) {
    return this.filters ? `${this.kept().length.toLocaleString("en")} of ${plural(total, "engraving")}` : plural(total, "engraving");
  }
}

/* A row of buttons of which one is pressed. */
export function choice(label, options, chosen, change) {
  const buttons = options.map(([value, words, title]) =>
    button(words, () => press(value), { "aria-pressed": String(value === chosen), title, "data-tool": value }),
  );
  function press(value) {
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.tool === value));
    change(value);
  }
  return { node: el("div", { class: "tools", role: "group", "aria-label": label }, buttons), press };
}
