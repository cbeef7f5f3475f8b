/* The view of the map in the page's address, so that a link brings it back. */

import { bitsOf } from "./map-bits.js";

const NAME = "#explore";
const WAIT_MS = 250; // so that a drag writes a few times a second, as browsers ask

/* Returns {collection, colour, keep: [name], view: [x, y, width], text, less, open, bits, rows}; null where the address
   holds none. `open` is an id, `rows` what tells one order of the engravings from another. */
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
    open: got.get("open"),
    rows: got.get("rows") ?? "",
    bits: (got.get("selected") ?? "").replaceAll("-", "+").replaceAll("_", "/"),
  };
}

function write({ collection, colour, keep, view, text, less, open, bits, rows }) {
  const told = new URLSearchParams();
  if (collection) told.set("collection", collection);
  if (colour) told.set("colour", colour);
  for (const name of keep) told.append("keep", name);
  if (view) told.set("view", view.map((value) => Number(value.toPrecision(8))).join(","));
  if (text) told.set("text", text);
  if (less) told.set("less", less);
  if (open !== null) told.set("open", open);
  if (bits) {
    told.set("selected", bits.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));
    told.set("rows", rows);
  }
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

  /* Writes the view while the map is what one looks at: at once, and what follows soon after, even while it moves. */
  remember() {
    this.stale = true;
    if (!this.writing) this.put();
  }

  put() {
    this.writing = 0;
    const due = this.stale && this.map.canvas.offsetParent !== null;
    this.stale = false;
    if (!due) return;
    write(this.view());
    this.writing = setTimeout(() => this.put(), WAIT_MS);
  }

  forget() {
    clearTimeout(this.writing);
    this.writing = 0;
    this.stale = false;
  }

  view() {
    const { plot, legend, facet, focus, selected, count, value, files } = this.map;
    const [[left, right], [bottom, top]] = plot.ranges();
    const { text = "", less = "" } = value.question ?? {};
    return {
      collection: value.collection, colour: facet, keep: legend.namesKept, text, less,
      open: focus === null ? null : value.open, rows: files.rows,
      view: plot.entire ? null : [(left + right) / 2, (bottom + top) / 2, right - left],
      bits: selected.size > 0 ? bitsOf(selected, count) : "",
    };
  }

  /* Brings back what the map itself knows; and what Python knows, unless it just told it. Says whether Python was asked
     to open another engraving. */
  async restore({ keep, view, text, less, open, bits, rows }, told) {
    const { map } = this;
    map.legend.keep(keep);
    map.steady = true; // so that opening it again does not move the view
    if (view) await map.plot.show(view[0], view[1], view[2] / 2);
    if (told) return false;
    const shipped = map.value.collection === "";
    const numbered = /^\d+$/.test(open ?? ""); // as links were once written; what is shipped keeps its order
    const fits = rows ? rows === map.files.rows : shipped;
    const stale = (bits !== "" && !fits) || (numbered && !shipped);
    const meant = numbered ? (shipped ? { index: Number(open) } : {}) : open ? { id: open } : {};
    const padded = fits ? bits.padEnd(Math.ceil(bits.length / 4) * 4, "=") : "";
    if (text || less || bits || open) map.trigger("restore", { text, less, bits: padded, stale, ...meant });
    return "index" in meant || ("id" in meant && open !== map.value.open);
  }

  async copy(link) {
    write(this.view());
    await navigator.clipboard?.writeText(location.href);
    link.textContent = "Copied";
    setTimeout(() => { link.textContent = "Copy link"; }, 1500);
  }
}
