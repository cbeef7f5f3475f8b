/* The keyframes of a walk in a row: put in order by dragging or by buttons, each way between them. */

import { bookLink, button, el, mount } from "./dom.js";

const MODES = [["prior", "through the prior"], ["direct", "direct"], ["graph", "along real engravings"]];

function wayBetween({ mode, from, to }, position, send) {
  const name = `Way from ${from} to ${to}`;
  const chosen = el("select", { "aria-label": name, on: { change: () => send("mode", position, { value: chosen.value }) } }, MODES.map(([value, words]) => el("option", { value, selected: value === mode }, words)));
  return el("li", { class: "way" }, el("span", { "aria-hidden": "true" }, `${from} → ${to}`), chosen);
}

function card(item, position, count, send) {
  const hold = el("input", { type: "number", min: 0, max: 10, step: 0.1, value: item.hold, "aria-label": `Seconds that ${item.letter} is held`, on: { change: () => send("hold", position, { value: Number(hold.value) }) } });
  const move = (to, words, mark) => button(mark, () => send("move", position, { to, focus: words }), { disabled: to < 0 || to >= count, "aria-label": `Move ${item.letter} ${words}`, "data-does": words });
  return el(
    "li",
    { class: item.chosen ? "keyframe chosen" : "keyframe", draggable: "true", "data-position": position },
    el("h3", {}, item.letter),
    el("figure", { class: "mount" }, el("img", { src: item.src, alt: item.words, width: 256, height: 256, draggable: "false" })),
    el("p", { class: "words" }, item.words),
    el("p", { class: "facts" }, item.kind, item.book ? [": ", bookLink(item), item.year ? `, ${item.year}` : ""] : null),
    el("label", { class: "facts hold" }, "Hold ", hold, " s"),
    el(
      "p",
      { class: "actions" },
      move(position - 1, "earlier", "◀"),
      move(position + 1, "later", "▶"),
      button(item.chosen ? "Being chosen" : "Change", () => send("choose", position), { "aria-label": `Choose another for ${item.letter}`, "aria-pressed": String(item.chosen) }),
      button("Remove", () => send("remove", position), { "aria-label": `Remove ${item.letter}` }),
    ),
  );
}

/* Dragging one card onto another puts it there. */
function dragging(list, send) {
  let dragged = null;
  const cardOf = (event) => event.target.closest?.(".keyframe[data-position]");
  const clear = () => list.querySelectorAll(".over").forEach((node) => node.classList.remove("over"));
  list.addEventListener("dragstart", (event) => {
    const from = cardOf(event);
    if (!from) return;
    dragged = Number(from.dataset.position);
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", String(dragged));
  });
  list.addEventListener("dragover", (event) => {
    const over = cardOf(event);
    if (dragged === null || !over) return;
    event.preventDefault();
    clear();
    over.classList.add("over");
  });
  list.addEventListener("drop", (event) => {
    const over = cardOf(event);
    event.preventDefault();
    clear();
    if (dragged !== null && over && Number(over.dataset.position) !== dragged) send("move", dragged, { to: Number(over.dataset.position) });
    dragged = null;
  });
  list.addEventListener("dragend", () => { clear(); dragged = null; });
}

/* value: {items: [{letter, words, kind, src, book, year, url, hold, chosen}], ways: [{mode, from, to}],
   adding, most, told} */
export function keyframes(context) {
  let focus = null; // what to focus once the server has answered, so that the keyboard goes on
  const root = context.element.querySelector(".widget");
  const send = (action, position, rest = {}) => {
    if (rest.focus) focus = { position: rest.to, does: rest.focus };
    const { focus: _, ...data } = rest;
    context.trigger("arrange", { action, position, ...data });
  };
  mount(context, ({ items = [], ways = [], adding, most = 8, told }) => {
    const list = el("ol", { class: "keyframes", "aria-label": "Keyframes of the walk, in order" });
    items.forEach((item, position) => {
      list.append(card(item, position, items.length, send));
      if (ways[position]) list.append(wayBetween(ways[position], position, send));
    });
    if (items.length < most) {
      const words = items.length === 0 ? "Choose the first keyframe below" : adding ? "Choose the next below" : "Add a keyframe";
      list.append(el("li", { class: adding ? "keyframe blank chosen" : "keyframe blank" }, el("button", { type: "button", class: "add", "aria-pressed": String(Boolean(adding)), on: { click: () => send("choose", -1) } }, el("span", { "aria-hidden": "true" }, "+"), words)));
    }
    dragging(list, send);
    if (focus) {
      const { position, does } = focus;
      focus = null;
      queueMicrotask(() => {
        const moved = root.querySelector(`.keyframe[data-position="${position}"]`);
        const wanted = moved?.querySelector(`[data-does="${does}"]:not(:disabled)`) ?? moved?.querySelector("button:not(:disabled)");
        wanted?.focus();
      });
    }
    return [list, el("p", { class: "unseen", role: "status" }, told ?? "")];
  });
}
