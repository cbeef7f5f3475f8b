/* What lies over the map in words: a card on hover, an offer at an empty place, pins. */

import { button, el, ORIGINAL } from "./dom.js";
import { rowsOf } from "./map-bits.js";

const LONGEST = 48; // characters beside a pin

export class Cards {
  constructor(stage, sprites, files) {
    Object.assign(this, { stage, sprites, files });
    this.originals = new Set(rowsOf(files.originals));
    this.hovered = null;
    this.chunks = new Map();
    this.card = el("div", { class: "map-card", hidden: true, "aria-hidden": "true" });
    this.ask = el("div", { class: "map-ask", hidden: true });
    this.pins = el("div", { class: "map-pins" });
    stage.append(this.pins, this.card, this.ask);
  }

  async preview(row, left, top) {
    this.hovered = row;
    const words = el("p", {}, "…");
    const label = el("small", {}, this.originals.has(row) ? ORIGINAL : "");
    this.card.replaceChildren(this.sprites.element(row), words, label);
    this.put(this.card, left, top);
    const [caption, origin, picture] = await this.words(row);
    if (this.hovered !== row) return;
    words.replaceChildren(caption, el("small", {}, origin));
    if (!this.originals.has(row)) label.textContent = picture;
  }

  leave() {
    this.card.hidden = true;
    this.hovered = null;
  }

  /* Offers to draw what could stand at an empty place. */
  offer(left, top, byKey, draw) {
    const go = () => { this.ask.hidden = true; draw(); };
    const title = "Blends the engravings round this place and draws the result";
    this.ask.replaceChildren(el("p", {}, "Nothing stands here. What could?"), button("Draw it", go, { title }));
    this.put(this.ask, left, top);
    if (byKey) this.ask.querySelector("button").focus();
  }

  pin(places, plot) {
    const cut = (words) => (words.length > LONGEST ? `${words.slice(0, words.lastIndexOf(" ", LONGEST))} …` : words);
    const pins = places.map(({ x, y, words }) => {
      const [across, down] = plot.pixel(x, y);
      return el("span", { class: "map-pin", style: { left: `${across}px`, top: `${down}px` } }, el("b", {}, "✕"), el("span", {}, cut(words)));
    });
    this.pins.replaceChildren(...pins);
  }

  /* Shows a card beside a place, inside of the map. */
  put(card, left, top) {
    card.hidden = false;
    const { clientWidth, clientHeight } = this.stage;
    const { offsetWidth, offsetHeight } = card;
    const flip = (value, size, room) => (value + 14 + size > room ? Math.max(0, value - 14 - size) : value + 14);
    card.style.left = `${flip(left, offsetWidth, clientWidth)}px`;
    card.style.top = `${Math.min(flip(top, offsetHeight, clientHeight), Math.max(0, clientHeight - offsetHeight))}px`;
  }

  words(row) {
    const chunk = Math.floor(row / this.files.chunk);
    if (!this.chunks.has(chunk)) {
      const url = this.files.captions.replace("NUMBER", chunk);
      this.chunks.set(chunk, fetch(url).then((answer) => answer.json()).catch(() => []));
    }
    return this.chunks.get(chunk).then((lines) => lines[row % this.files.chunk] ?? ["", "", ""]);
  }
}
