/* Plates that the model made, captions of a picture, and engravings of the collection. */

import { bookLink, button, called, el, likeness, mount, ORIGINAL, origin } from "./dom.js";
import { holding } from "./holding.js";
import { draft, inkWord } from "./review.js";

const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/* A thumbnail that opens its engraving in Explore. */
export function thumbnail(item, trigger) {
  const similarity = item.similarity.toFixed(2);
  return el(
    "button",
    {
      type: "button",
      class: item.original ? "thumb original" : "thumb",
      title: `${called(item)} (similarity ${similarity})`,
      "aria-label": `Open in Explore: ${called(item)}, similarity ${similarity}${item.original ? `, ${ORIGINAL}` : ""}`,
      on: { click: () => trigger("open", { index: item.index, id: item.id }) },
    },
    el("img", { src: item.thumb, alt: "", width: 96, height: 96, loading: "lazy" }),
  );
}

function neighbourCard(item, trigger) {
  return el(
    "li",
    { class: "neighbour" },
    thumbnail(item, trigger),
    el(
      "div",
      {},
      el("p", { class: "words" }, item.marks ? item.marks.map(inkWord) : item.caption),
      item.printed ? el("p", { class: "printed" }, "In the book: ", el("q", {}, item.printed)) : null,
      el("p", { class: "facts" }, origin(item), ` · similarity ${item.similarity.toFixed(2)}`),
    ),
  );
}

/* value: {heading, items} */
export function neighbours(context) {
  mount(context, ({ heading, items = [] }) =>
    items.length === 0
      ? []
      : [
          el("h2", {}, heading, el("small", {}, ` ${likeness(items)}`)),
          el("ol", { class: "neighbours" }, items.map((item) => neighbourCard(item, context.trigger))),
        ],
  );
}

/* How far a caption can be believed, as was measured on pictures that the model never saw. */
function belief({ confidence, sure }) {
  if (confidence === undefined) return null;
  const share = `Of captions like this one, ${Math.round(100 * confidence)} in 100 name something that is there.`;
  return el("p", { class: sure ? "facts" : "facts warning" }, sure ? share : `I am not sure. ${share}`);
}

function candidateRow(candidate, rank, trigger) {
  const copy = button("Copy", () => navigator.clipboard?.writeText(candidate.text), {
    "aria-label": `Copy caption ${rank + 1}`,
  });
  return el(
    "li",
    { class: rank === 0 ? "candidate best" : "candidate" },
    el("p", { class: "words" }, candidate.marks ? candidate.marks.map(inkWord) : candidate.text),
    rank === 0 ? belief(candidate) : null,
    el(
      "p",
      { class: "facts" },
      el("span", { class: "meter", style: { "--share": candidate.probability }, "aria-hidden": "true" }),
      el("span", { title: "Geometric mean over the words" }, `probability ${percent(candidate.probability)}`),
      el("span", { title: "Cosine of picture and text" }, `match ${candidate.match.toFixed(2)}`),
      candidate.how === "sampled" ? el("span", { title: "Drawn by chance from the likely words" }, "by chance") : null,
      copy,
      trigger ? button("Take this", () => trigger("take", { position: rank, draft: draft() }), { "aria-label": `Take caption ${rank + 1} into the editor` }) : null,
    ),
  );
}

/* value: {src, name, candidates, pending, empty, note, takes} */
export function answer(context) {
  const use = (letter) => () => context.trigger("use", { letter });
  mount(context, ({ src, name, candidates = [], pending, empty, note, takes }) => {
    if (!src && !takes) return el("p", { class: "empty" }, empty ?? "");
    const waiting = pending ? el("p", { class: "empty", role: "status" }, "Looking at the picture …") : null;
    return [
      note ? el("p", { class: "note" }, note) : null,
      el(
        "div",
        { class: "answer" },
        src
          ? el("figure", { class: "mount" }, el("img", { src, alt: candidates[0]?.text ?? name }))
          : el("p", { class: "empty" }, "The picture is not here; drop it to see it."),
        el(
          "div",
          {},
          el("h2", {}, "What it shows"),
          waiting,
          el("ol", { class: "candidates" }, candidates.map((candidate, rank) => candidateRow(candidate, rank, takes ? context.trigger : null))),
          candidates.length > 0
            ? el("p", { class: "actions" }, button("Use as A", use("A")), button("Use as B", use("B")), button("Add to the walk", use("+")), button("On the map", () => context.trigger("chart", {})))
            : null,
        ),
      ),
    ];
  });
}

/* value: {label, words: [..]} */
export function chips(context) {
  mount(context, ({ label, words = [] }) =>
    el(
      "div",
      { class: "chips", role: "group", "aria-label": label },
      el("span", { class: "chips-label" }, label),
      words.map((text, position) => button(text, () => context.trigger("pick", { position }), { class: "chip" })),
    ),
  );
}

/* value: {label, items: [{src, words}]} */
export function picks(context) {
  const pick = (position) => () => context.trigger("pick", { position });
  mount(context, ({ label, items = [], empty }) =>
    items.length === 0
      ? empty && el("p", { class: "empty" }, empty)
      : el(
          "div",
          { class: "picks", role: "group", "aria-label": label },
          el("p", { class: "near-label" }, label),
          items.map(({ src, words }, position) =>
            el(
              "button",
              { type: "button", class: "thumb", title: words, "aria-label": words, on: { click: pick(position) } },
              el("img", { src, alt: "", width: 96, height: 96 }),
            ),
          ),
        ),
  );
}

/* value: a neighbour with `picture`, `near` and its place x, y; or, `made`, what was drawn for a place */
export function detail(context) {
  const { trigger } = context;
  mount(context, (item) => {
    if (!item.picture) return el("p", { class: "empty" }, "Click a point of the map, or search, to open an engraving here.");
    const use = (letter) => () => trigger("use", { letter, index: item.index, made: item.made === true });
    return [
      el(
        "figure",
        { class: "mount" },
        el("img", { src: item.picture, alt: called(item), width: 256, height: 256 }),
        el("figcaption", {}, item.label ?? likeness([item])),
      ),
      el("p", { class: "words lead" }, item.caption),
      ...(item.made ? [] : known(item, trigger)),
      el(
        "p",
        { class: "actions" },
        button("Use as A", use("A")),
        button("Use as B", use("B")), button("Add to the walk", use("+")),
        item.made ? null : button("More like this", () => trigger("more", { index: item.index })),
        item.x === undefined ? null : button("Generate here", () => trigger("draw", { x: item.x, y: item.y }), { title: "Blends the engravings round its place and draws the result" }),
      ),
      el("p", { class: "near-label" }, "Nearest, ", likeness(item.near ?? [])),
      el("div", { class: "near" }, (item.near ?? []).map((near) => thumbnail(near, trigger))),
    ];
  });
}

function known(item, trigger) {
  if (item.held) return [el("p", { class: "facts" }, origin(item)), ...holding(item, trigger)];
  return [
    item.printed ? el("p", { class: "printed" }, "In the book: ", el("q", {}, item.printed)) : null,
    el("p", { class: "facts" }, bookLink(item), item.author ? `, by ${item.author}` : "", item.year ? `, ${item.year}` : ""),
    el("p", { class: "facts" }, [item.subject, item.technique, `no. ${item.id}`].filter(Boolean).join(" · ")),
  ];
}
