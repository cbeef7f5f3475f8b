/* Two collections side by side: what is near what, and what one has that the other lacks. */

import { button, called, el, mount } from "./dom.js";
import { onCollections } from "./shelf.js";

function picture(item, trigger) {
  const open = () => trigger("open", { index: item.index, id: item.id });
  const words = called(item);
  return el(
    "div",
    { class: "compared" },
    el("button", { type: "button", class: "thumb", title: words, "aria-label": `Open: ${words}`, on: { click: open } }, el("img", { src: item.thumb, alt: "", width: 72, height: 72, loading: "lazy" })),
    el("span", {}, words),
  );
}

function table(label, heads, rows, trigger, open = false) {
  const columns = [...heads, "Similarity"].map((words) => el("th", { scope: "col" }, words));
  const lines = rows.map(({ one, other, cosine }) => el("tr", {}, el("td", {}, picture(one, trigger)), el("td", {}, picture(other, trigger)), el("td", {}, cosine.toFixed(2))));
  return el(
    "details",
    { open },
    el("summary", {}, label),
    el("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": label }, el("table", { class: "batch meeting" }, el("thead", {}, el("tr", {}, columns)), el("tbody", {}, lines))),
  );
}

function result({ names, words, alike, only }, trigger) {
  const [first, second] = names;
  return [
    words.map((sentence) => el("p", { class: "note", role: "status" }, sentence)),
    table("Nearest to each other", [`Of ${second}`, `Of ${first}`], alike, trigger, true),
    table(`What ${second} has and ${first} lacks`, [`Of ${second}`, `Nearest of ${first}`], only[1], trigger),
    table(`What ${first} has and ${second} lacks`, [`Of ${first}`, `Nearest of ${second}`], only[0], trigger),
  ];
}

function choice(label, known, chosen) {
  const select = el("select", {}, el("option", { value: "" }, "The collection of Engrave"), known.map(({ name }) => el("option", { value: name }, name)));
  select.value = chosen;
  return [el("label", {}, `${label} `, select), select];
}

function form(known, trigger) {
  if (known.length === 0) return el("p", { class: "empty" }, "Import a collection of your own first; then it can be compared with another.");
  const [firstLabel, first] = choice("Compare", known, "");
  const [secondLabel, second] = choice("with", known, known[0].name);
  const map = el("select", {}, el("option", { value: "" }, "the map of the first, where the second is placed"), el("option", { value: "anew" }, "a new map of both: a simple one, drawn at once (PCA)"));
  const go = () => trigger("compare", { first: first.value, second: second.value, anew: map.value === "anew" });
  return el("div", { class: "map-tools chooser" }, firstLabel, secondLabel, el("label", {}, "on ", map), button("Compare", go));
}

/* value: {names, words, alike: [{one, other, cosine}], only: [rows, rows]}, or nothing yet */
export function compare(context) {
  let known = [];
  const draw = (value) => [form(known, context.trigger), value.names ? result(value, context.trigger) : null].flat(2);
  const root = context.element.querySelector(".widget");
  onCollections(({ own = [] }) => {
    if (own.map(({ name }) => name).join() === known.map(({ name }) => name).join()) return;
    known = own;
    root.replaceChildren(...draw(context.props.value ?? {}).filter(Boolean));
  });
  mount(context, draw);
}
