/* The view of the map in the page's address, so that a link brings it back. */

import { bitsOf } from "./map-bits.js";

const NAME = "#explore";
const WAIT_MS = 250; // so that a drag writes once

/* Returns {collection, colour, keep: [name], view: [x, y, width], text, less, open, bits}; null where the address holds none. */
function read() {
  const [name, query = ""] = location.hash.split("?");
  if (name !== NAME) return null;
  const got = new URLSearchParams(query);
  const view = (got.get("view") ?? "").split(",").map(Number);
  return {
    collection: got.get("collection") ?? "",
    colour: got.get("colour") ?? "",
    keep: got.getAll("keep"),
    view: view.length === 3 && view.every(Number.isFinite) ? view : null,
    text: got.get("text") ?? "",
    less: got.get("less") ?? "",
    open: /^\d+$/.test(got.get("open") ?? "") ? Number(got.get("open")) : null,
    bits: (got.get("selected") ?? "").replaceAll("-", "+").replaceAll("_", "/"),
  };
}

function write({ collection, colour, keep, view, text, less, open, bits }) {
  const told = new URLSearchParams();
  if (collection) told.set("collection", collection);
  if (colour) told.set("colour", colour);
  for (const name of keep) told.append("keep", name);
  if (view) told.set("view", view.map((value) => value.toFixed(3)).join(","));
  if (text) told.set("text", text);
  if (less) told.set("less", less);
  if (open !== null) told.set("open", open);
  if (bits) told.set("selected", bits.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));
  history.replaceState(history.state, "", `${location.pathname}${location.search}${NAME}?${told}`);
}

export class Address {
  constructor(map) {
    this.map = map;
  }

  /* Whether the address of a page that was just opened names another collection, which is then asked for; else
     what it holds of this one is put aside for the map. */
  elsewhere() {
    const { map } = this;
    const { collection = "", missing } = map.value;
    const saved = read();
    const same = saved !== null && saved.collection === collection;
    map.saved = same ? saved : null;
    if (saved === null || same || !map.arrived || missing === saved.collection) return false;
    map.trigger("elsewhere", { name: saved.collection, linked: true });
    return true;
  }

  /* Writes the view while the map is what one looks at. */
  remember() {
    if (this.map.canvas.offsetParent === null) return;
    clearTimeout(this.writing);
    this.writing = setTimeout(() => write(this.view()), WAIT_MS);
  }

  forget() {
    clearTimeout(this.writing);
  }

  view() {
    const { plot, legend, facet, focus, selected, count, value } = this.map;
    const [[left, right], [bottom, top]] = plot.ranges();
    const [[wholeLeft, wholeRight]] = plot.whole();
    const moved = Math.abs(right - left - (wholeRight - wholeLeft)) > 1e-3;
    const { text = "", less = "" } = value.question ?? {};
    return {
      collection: value.collection, colour: facet, keep: legend.namesKept, text, less, open: focus,
      view: moved ? [(left + right) / 2, (bottom + top) / 2, right - left] : null,
      bits: selected.size > 0 ? bitsOf(selected, count) : "",
    };
  }

  /* Brings back what the map itself knows; and what Python knows, unless it just told it. */
  async restore({ keep, view, text, less, open, bits }, told) {
    this.map.legend.keep(keep);
    this.map.focus = open; // so that opening it again does not move the view
    if (view) await this.map.plot.show(view[0], view[1], view[2] / 2);
    if (told) return;
    const padded = bits.padEnd(Math.ceil(bits.length / 4) * 4, "=");
    if (text || less || bits || open !== null) this.map.trigger("restore", { text, less, bits: padded, index: open });
  }

  async copy(link) {
    write(this.view());
    await navigator.clipboard?.writeText(location.href);
    link.textContent = "Copied";
    setTimeout(() => { link.textContent = "Copy link"; }, 1500);
  }
}
