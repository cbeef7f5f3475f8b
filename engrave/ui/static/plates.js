/* Plates that the model made, each with what is said of it and what can be done with it. */

import { thumbnail } from "./cards.js";
import { button, el, likeness, mount } from "./dom.js";

function told(lines) {
  return lines.map(({ words, warning }) => el("p", { class: warning ? "told warning" : "told" }, words));
}

function plateCard(plate, position, trigger) {
  const use = (letter) => () => trigger("use", { letter, position });
  const send = (event) => () => trigger(event, { position });
  return el(
    "li",
    { class: "plate" },
    el("figure", { class: "mount" }, el("img", { src: plate.src, alt: plate.caption, width: 256, height: 256 })),
    el("p", { class: "words" }, plate.caption),
    el("p", { class: "facts" }, `seed ${plate.seed} · guidance ${plate.guidance} · ${plate.steps} steps`),
    el("div", {}, told(plate.told ?? [])),
    el(
      "p",
      { class: "actions" },
      el("a", { class: "quiet", href: plate.src, download: plate.name }, "Download"),
      button("Vary", send("vary"), { title: "Opens what lies round it, below" }),
      button("Compare", send("compare"), { title: "Chooses it as one of two to compare, below" }),
      button("★ Keep", send("keep"), { title: "Makes it a favourite of this session" }),
    ),
    el(
      "details",
      {},
      el("summary", {}, "More"),
      el(
        "p",
        { class: "actions" },
        button("Make again", send("remake"), { title: "Set these settings and make it again" }),
        plate.recipe ? el("a", { class: "quiet", href: plate.recipe, download: plate.name.replace(/\.png$/, ".json") }, "Recipe") : null,
        button("Use as A", use("A")),
        button("Use as B", use("B")),
        button("Add to the walk", use("+")),
        button("Caption", send("describe")),
        button("On the map", send("chart")),
      ),
    ),
    plate.near.length > 0
      ? [
          el("p", { class: "near-label" }, "Nearest in the collection, ", likeness(plate.near)),
          el("div", { class: "near" }, plate.near.map((item) => thumbnail(item, trigger))),
        ]
      : null,
  );
}

/* value: {plates, note, pending} */
export function plates(context) {
  mount(context, ({ plates: made = [], note, pending = 0 }) => [
    note ? el("p", { class: "note", role: "status" }, note) : null,
    el(
      "ol",
      { class: "plates", "aria-label": "Engravings that the model made" },
      made.map((plate, position) => plateCard(plate, position, context.trigger)),
      Array.from({ length: pending }, () => el("li", { class: "plate waiting", "aria-hidden": "true" }, el("figure", { class: "mount" }))),
    ),
  ]);
}
