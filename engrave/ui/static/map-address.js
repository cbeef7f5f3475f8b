/* The view of the map in the page's address, so that a link brings it back. */

const NAME = "#explore";

/* {colour, keep: [name], view: [x, y, width], text, less, open, bits, tool}; null where the address holds none. */
export function read() {
  const [name, query = ""] = location.hash.split("?");
  if (name !== NAME) return null;
  const got = new URLSearchParams(query);
  const view = (got.get("view") ?? "").split(",").map(Number);
  return {
    colour: got.get("colour") ?? "",
    keep: got.getAll("keep"),
    view: view.length === 3 && view.every(Number.isFinite) ? view : null,
    text: got.get("text") ?? "",
    less: got.get("less") ?? "",
    open: /^\d+$/.test(got.get("open") ?? "") ? Number(got.get("open")) : null,
    bits: (got.get("selected") ?? "").replaceAll("-", "+").replaceAll("_", "/"),
  };
}

export function write({ colour, keep, view, text, less, open, bits }) {
  const told = new URLSearchParams();
  if (colour) told.set("colour", colour);
  for (const name of keep) told.append("keep", name);
  if (view) told.set("view", view.map((value) => value.toFixed(3)).join(","));
  if (text) told.set("text", text);
  if (less) told.set("less", less);
  if (open !== null) told.set("open", open);
  if (bits) told.set("selected", bits.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));
  history.replaceState(history.state, "", `${location.pathname}${location.search}${NAME}?${told}`);
}
