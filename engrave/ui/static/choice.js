/* The engravings chosen on the map, by a search or for a walk: as pictures or as a table, and to take away. */

import { bookLink, button, called, el, likeness, mount, plural } from "./dom.js";
import { choice as buttons } from "./map-legend.js";

const COLUMNS = [["caption", "Caption"], ["subject", "Subject"], ["technique", "Technique"], ["book", "Book"], ["year", "Year"]];
const TITLES = { found: "Found", selection: "Selected engravings", walk: "A walk", all: "All engravings" };
const FORMATS = [["csv", "CSV"], ["jsonl", "JSON lines"], ["pdf", "Contact sheet (PDF)"], ["zip", "Pictures (ZIP)"]];

function tick(item, trigger) {
  const box = el("input", { type: "checkbox", checked: item.ticked, "aria-label": `Select: ${called(item)}`, on: { change: () => trigger("tick", { index: item.index, on: box.checked }) } });
  box.checked = item.ticked;
  return box;
}

function opens(item, trigger, ...children) {
  const attributes = { type: "button", class: children.length > 0 ? "row-open" : item.original ? "thumb original" : "thumb", title: called(item), on: { click: () => trigger("open", { index: item.index, id: item.id }) } };
  if (children.length > 0) return el("button", attributes, ...children);
  return el("button", { ...attributes, "aria-label": `Open: ${called(item)}` }, el("img", { src: item.thumb, alt: "", width: 96, height: 96, loading: "lazy" }));
}

function gallery(items, trigger) {
  return el("ol", { class: "chosen" }, items.map((item) => el("li", { class: item.ticked ? "ticked" : null }, opens(item, trigger), el("label", {}, tick(item, trigger), el("span", {}, [item.subject, item.year].filter(Boolean).join(", ") || item.book)))));
}

function heading({ order, down }, trigger) {
  const cell = ([name, words]) => {
    const sorted = order === name ? (down ? "descending" : "ascending") : "none";
    const mark = order === name ? (down ? " ↓" : " ↑") : "";
    return el("th", { scope: "col", "aria-sort": sorted }, el("button", { type: "button", class: "sort", on: { click: () => trigger("turn", { order: name, down: order === name && !down }) } }, words + mark));
  };
  return el("tr", {}, el("th", { scope: "col" }, el("span", { class: "unseen" }, "Selected")), el("th", { scope: "col" }, el("span", { class: "unseen" }, "Picture")), COLUMNS.map(cell));
}

function line(item, trigger) {
  return el(
    "tr",
    {},
    el("td", {}, tick(item, trigger)),
    el("td", {}, opens(item, trigger)),
    el("th", { scope: "row", class: "words" }, opens(item, trigger, called(item)), item.caption && item.printed ? el("q", { class: "printed" }, item.printed) : null),
    el("td", {}, item.subject),
    el("td", {}, item.technique),
    el("td", {}, bookLink(item)),
    el("td", {}, item.year ? String(item.year) : ""),
  );
}

function table(value, trigger) {
  return el("div", { class: "scroller" }, el("table", { class: "batch" }, el("caption", { class: "unseen" }, "Engravings, with what is known of them"), el("thead", {}, heading(value, trigger)), el("tbody", {}, value.items.map((item) => line(item, trigger)))));
}

function kinds(value, trigger) {
  const known = [["found", "Found", value.found], ["selection", "Selected", value.selected], ["walk", "Walk", value.stops], ["all", "All", value.all]];
  const some = known.filter(([kind, , count]) => count > 0 || kind === value.kind);
  return buttons("Which engravings", some.map(([kind, words, count]) => [kind, `${words} (${count.toLocaleString("en")})`]), value.kind, (kind) => trigger("turn", { kind })).node;
}

function pages({ page, pages: last }, trigger) {
  if (last < 2) return null;
  const go = (to) => trigger("turn", { page: to });
  return el(
    "p",
    { class: "actions pages" },
    button("‹ Back", () => go(page - 1), { disabled: page === 0, "aria-label": "Page before" }),
    el("span", { class: "facts", role: "status" }, `page ${page + 1} of ${last}`),
    button("Next ›", () => go(page + 1), { disabled: page === last - 1, "aria-label": "Next page" }),
  );
}

/* Where a text or a picture lies, and how far that is from the collection. */
function whereabouts({ words, nearness }) {
  if (!nearness) return null;
  const warning = "The model knows nothing like it: take what it says of it as a guess.";
  return el("p", { class: nearness.outside ? "note warning" : "note", role: "status" }, `On the map at ✕: ${words} is ${nearness.words}.`, nearness.outside ? el("b", {}, ` ${warning}`) : null);
}

function takeAway(value, trigger) {
  const what = value.selected > 0 ? `the ${plural(value.selected, "selected engraving")}` : `the ${plural(value.total, "engraving")} listed`;
  const { file } = value;
  return el(
    "div",
    { class: "actions", role: "group", "aria-label": `Take away ${what}` },
    el("span", { class: "facts" }, `Take away ${what}:`),
    FORMATS.map(([format, words]) => button(words, () => trigger("export", { format }))),
    file ? el("a", { class: "quiet file", href: file.src, download: file.name }, `Save ${file.name}`) : null,
  );
}

function walking(value, trigger) {
  if (value.kind === "walk") return button("Walk through these in Interpolate", () => trigger("stroll", {}));
  return value.kind === "selection" && value.total >= 2 && value.total <= 8 ? button("Make a walk of these", () => trigger("walk", {})) : null;
}

/* value: what choice_view of explore_table.py returns */
export function choice(context) {
  let form = "pictures";
  let saved = null;
  const { trigger } = context;
  const root = context.element.querySelector(".widget");
  const draw = (value) => {
    if (!value.items) return [];
    const forms = buttons("Shown as", [["pictures", "Pictures"], ["table", "Table"]], form, (chosen) => { form = chosen; again(); });
    const all = value.items.length > 0 && value.items.every((item) => item.ticked);
    return [
      el("h2", {}, value.heading || TITLES[value.kind], el("small", {}, ` ${likeness(value.items)}`)),
      value.place ? whereabouts(value.place) : null,
      el("div", { class: "map-tools" }, kinds(value, trigger), forms.node, button(all ? "Select none of these" : "Select all of these", () => trigger("tick", { all: true, on: !all })), walking(value, trigger)),
      value.items.length === 0 ? el("p", { class: "empty" }, "Nothing here yet: draw round engravings on the map, or tick them in the table.") : form === "table" ? table(value, trigger) : gallery(value.items, trigger),
      pages(value, trigger),
      takeAway(value, trigger),
    ];
  };
  const again = mount(context, (value) => {
    const { file } = value;
    if (file && file.src !== saved) {
      saved = file.src;
      queueMicrotask(() => root.querySelector("a.file")?.click());
    }
    return draw(value);
  });
}
