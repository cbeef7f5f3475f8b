/* What an own collection knows of a picture, and a form that changes it. */

import { button, el } from "./dom.js";

const WRITERS = { model: "written by the model", person: "written by you", source: "came with the picture" };
const OFFERED = ["subject", "technique", "book", "author", "year"];

function field(label, value, long = false) {
  const input = el(long ? "textarea" : "input", long ? { rows: 3, maxlength: 2000 } : { type: "text", value, maxlength: 2000 });
  if (long) input.value = value;
  return [el("label", { class: "field" }, el("span", {}, label), input), input];
}

/* Facets that are there, those that most collections have, and room for one more. */
function facetFields(facets) {
  const names = [...new Set([...OFFERED, ...Object.keys(facets)])];
  const fields = names.map((name) => [name, ...field(name, facets[name] ?? "")]);
  const [nameRow, name] = field("another facet, its name", "");
  const [valueRow, value] = field("and its value", "");
  const read = () => {
    const found = Object.fromEntries(fields.map(([key, , input]) => [key, input.value]).filter(([key, text]) => text !== (facets[key] ?? "")));
    if (name.value.trim()) found[name.value.trim()] = value.value;
    return found;
  };
  return [[...fields.map(([, row]) => row), nameRow, valueRow], read];
}

function form(item, trigger) {
  const { held, index } = item;
  const [captionRow, caption] = field("Caption", held.caption, true);
  const [titleRow, title] = field("Title", held.title);
  const [rows, facets] = facetFields(held.facets);
  const save = (event) => {
    event.preventDefault();
    const words = {};
    if (caption.value !== held.caption) words.caption = caption.value;
    if (title.value !== held.title) words.title = title.value;
    trigger("edit", { index, ...words, facets: facets() });
  };
  const buttons = el("p", { class: "actions" }, el("button", { type: "submit", class: "quiet" }, "Save"), button("Take this picture out", () => trigger("discard", { index }), { title: "It can be undone under Versions" }));
  return el("form", { class: "edit", on: { submit: save } }, captionRow, titleRow, ...rows, buttons, el("p", { class: "facts" }, "Each change is a version of its own and can be undone."));
}

/* The rows below the caption of an own picture. */
export function holding(item, trigger) {
  const { held } = item;
  const facts = Object.entries(held.facets).filter(([name]) => name !== "url");
  const by = held.caption && WRITERS[held.by] ? `Caption ${WRITERS[held.by]}. ` : held.caption ? "" : "No caption yet. ";
  return [
    el("p", { class: "facts" }, `${by}File: ${held.file}`),
    facts.length > 0 ? el("dl", { class: "facets" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))) : null,
    held.fixed ? null : el("details", {}, el("summary", {}, "Change caption and facets"), form(item, trigger)),
  ];
}
