/* The bench of the Generate tab: the pad round one plate, two plates compared, a sheet, and the history. */

import { button, el, mount } from "./dom.js";

const WAYS = ["up left", "up", "up right", "left", "the picture itself", "right", "down left", "down", "down right"];

/* value: {cells: 9 addresses, across: [low, high], up: [low, high], words} */
export function pad(context) {
  mount(context, ({ cells = [], across, up, words }) => {
    if (cells.length === 0) return [];
    const cell = (src, position) =>
      el(
        "button",
        {
          type: "button",
          class: position === 4 ? "thumb middle" : "thumb",
          "aria-label": `Go on from ${WAYS[position]}`,
          disabled: position === 4,
          on: { click: () => context.trigger("pick", { position }) },
        },
        el("img", { src, alt: position === 4 ? words : "", width: 192, height: 192 }),
      );
    return [
      el("p", { class: "facts" }, `↑ ${up[1]}`),
      el("div", { class: "pad", role: "group", "aria-label": "What lies round the picture" }, cells.map(cell)),
      el("p", { class: "facts" }, `↓ ${up[0]}`),
      el("p", { class: "facts" }, `← ${across[0]}  ·  → ${across[1]}`),
    ];
  });
}

/* value: {items: [{src, words}], differences: [[name, a, b]]} */
export function pair(context) {
  mount(context, ({ items = [], differences = [] }) => {
    if (items.length < 2) {
      const left = items.length === 1 ? "One is chosen; press “Compare” under another." : "Press “Compare” under two engravings.";
      return el("p", { class: "empty", role: "status" }, left);
    }
    const keep = (position) => () => context.trigger("mix", { position });
    return [
      el("div", { class: "two" }, items.map(({ src, words }, k) => half(src, words, "AB"[k]))),
      curtain(items),
      differenceTable(differences),
      el(
        "p",
        { class: "actions" },
        button("Layout of A, meaning of B", keep(0)),
        button("Layout of B, meaning of A", keep(1)),
      ),
    ];
  });
}

function half(src, words, letter) {
  return el(
    "figure",
    { class: "mount" },
    el("img", { src, alt: `${letter}: ${words}`, width: 256, height: 256 }),
    el("figcaption", {}, `${letter}: ${words}`),
  );
}

/* B lies over A and is drawn back by the slider. */
function curtain([first, second]) {
  const over = el("img", { src: second.src, alt: "", class: "over" });
  const draw = (share) => {
    over.style.clipPath = `inset(0 0 0 ${share}%)`;
  };
  const slider = el("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": "How much of A shows, in per cent" });
  slider.addEventListener("input", () => draw(slider.value));
  draw(50);
  return el(
    "div",
    { class: "curtain" },
    el("div", { class: "mount layers" }, el("img", { src: first.src, alt: "" }), over),
    slider,
  );
}

function differenceTable(rows) {
  if (rows.length === 0) return el("p", { class: "facts" }, "Both have the same settings.");
  return el(
    "table",
    { class: "batch differences" },
    el("caption", { class: "unseen" }, "Settings in which A and B differ"),
    el("thead", {}, el("tr", {}, ["Setting", "A", "B"].map((name) => el("th", { scope: "col" }, name)))),
    el(
      "tbody",
      {},
      rows.map(([name, a, b]) => el("tr", {}, el("th", { scope: "row" }, name.replace("_", " ")), el("td", {}, a || "—"), el("td", {}, b || "—"))),
    ),
  );
}

/* value: {note, src, name, pdf, pdf_name, words}; without src only the note is shown */
export function sheet(context) {
  mount(context, ({ note, src, name, pdf, pdf_name, words }) => [
    note ? el("p", { class: "note", role: "status" }, note) : null,
    src ? el("figure", { class: "mount sheet" }, el("img", { src, alt: words })) : null,
    src
      ? el(
          "p",
          { class: "actions" },
          el("a", { class: "quiet", href: src, download: name }, "Download PNG"),
          el("a", { class: "quiet", href: pdf, download: pdf_name }, "Download PDF"),
        )
      : null,
  ]);
}

/* value: {items: [{src, words, seed, favourite}]} */
export function shelf(context) {
  let onlyFavourites = false;
  mount(context, ({ items = [] }) => {
    const list = el("ol", { class: "shelf" });
    const fill = () => list.replaceChildren(...items.flatMap((item, position) => (onlyFavourites && !item.favourite ? [] : [kept(item, position, context.trigger)])));
    const box = el("input", { type: "checkbox", checked: onlyFavourites });
    box.addEventListener("change", () => {
      onlyFavourites = box.checked;
      fill();
    });
    fill();
    return [el("label", { class: "only" }, box, " Only favourites"), list];
  });
}

function kept(item, position, trigger) {
  const star = item.favourite ? "★" : "☆";
  const label = item.favourite ? "No longer a favourite" : "Make it a favourite";
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: "thumb", title: item.words, "aria-label": `Show again: ${item.words}, seed ${item.seed}`, on: { click: () => trigger("back", { position }) } },
      el("img", { src: item.src, alt: "", width: 96, height: 96, loading: "lazy" }),
    ),
    button(star, () => trigger("star", { position }), { "aria-label": `${label}: seed ${item.seed}`, "aria-pressed": String(item.favourite) }),
  );
}
