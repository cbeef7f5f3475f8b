/* The player of a walk: a scrubber that never asks the server, a strip, the film. */

import { button, el, mount, plural } from "./dom.js";

const STEP_MS = 110; // between frames while it plays

/* Shows one cell of the sheet in an element that is `side` CSS pixels wide. */
function show(node, walk, index, unit) {
  const column = index % walk.columns;
  const line = Math.floor(index / walk.columns);
  const lines = Math.ceil(walk.count / walk.columns);
  const along = (position, count) => (count > 1 ? `${(100 * position) / (count - 1)}%` : "0%");
  node.style.backgroundImage = `url("${walk.sheet}")`;
  node.style.backgroundSize = `${100 * walk.columns}% ${100 * lines}%`;
  node.style.backgroundPosition = `${along(column, walk.columns)} ${along(line, lines)}`;
  if (unit) node.setAttribute("aria-label", unit);
}

/* The last caption at or before a frame. */
function captionAt(walk, index) {
  for (let i = index; i >= 0; i--) if (walk.captions[i] !== undefined) return walk.captions[i];
  return "";
}

function player(walk) {
  const still = el("div", { class: "still", role: "img" });
  const words = el("p", { class: "words", "aria-live": "off" });
  const place = el("p", { class: "facts" });
  const range = el("input", { type: "range", min: 0, max: walk.count - 1, value: 0, step: 1, "aria-label": "Frame of the walk" });
  const play = el("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "Play");
  const cells = Array.from({ length: walk.count }, (_, index) =>
    el("button", { type: "button", class: "cell", "aria-label": `Frame ${index + 1}`, on: { click: () => go(index) } }),
  );
  let timer = null;
  let direction = 1;

  function go(index) {
    range.value = String(index);
    show(still, walk, index, captionAt(walk, index));
    words.textContent = captionAt(walk, index);
    place.textContent = `frame ${index + 1} of ${walk.count}`;
    cells.forEach((cell, position) => cell.classList.toggle("current", position === index));
  }
  function advance() {
    if (!still.isConnected) return stop();
    const next = Number(range.value) + direction;
    if (next < 0 || next >= walk.count) direction = -direction;
    go(Number(range.value) + direction);
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
    play.setAttribute("aria-pressed", "false");
  }
  function start() {
    timer = setInterval(advance, STEP_MS);
    play.textContent = "Pause";
    play.setAttribute("aria-pressed", "true");
  }
  range.addEventListener("input", () => { stop(); go(Number(range.value)); });
  play.addEventListener("click", () => (timer ? stop() : start()));
  cells.forEach((cell, index) => show(cell, walk, index));
  go(0);
  return { still, words, place, range, play, cells };
}

function film(walk, trigger) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const video = el("video", { src: walk.mp4, loop: true, muted: true, autoplay: !calm, playsinline: true, controls: true, "aria-label": "The walk as a film" });
  video.muted = true; // the attribute alone does not let it start by itself
  return el(
    "div",
    { class: "film" },
    el("figure", { class: "mount" }, video),
    el(
      "p",
      { class: "actions" },
      el("a", { class: "quiet", href: walk.mp4, download: "engrave-walk.mp4" }, "Download MP4"),
      el("a", { class: "quiet", href: walk.gif, download: "engrave-walk.gif" }, "Download GIF"),
      walk.path?.length > 1 ? button("Show on the map", () => trigger("chart", { x: walk.path.map(([x]) => x), y: walk.path.map(([, y]) => y) })) : null,
    ),
  );
}

/* value: {sheet, columns, count, captions, mp4, gif, note, path: [[x, y]]} */
export function walk(context) {
  mount(context, (value) => {
    if (!value.sheet) return el("p", { class: "empty" }, value.empty ?? "");
    const { still, words, place, range, play, cells } = player(value);
    const captioned = Object.keys(value.captions).map(Number).sort((one, other) => one - other);
    return [
      value.note ? el("p", { class: "note", role: "status" }, value.note) : null,
      el(
        "div",
        { class: "player" },
        el("div", { class: "stage" }, el("figure", { class: "mount" }, still), el("div", { class: "scrub" }, play, range), place, words),
        film(value, context.trigger),
        el("div", { class: "telling" }, el("h2", {}, "What it sees on the way"), el("ol", {}, captioned.map((index) => el("li", {}, el("span", { class: "facts" }, `${index + 1}`), " ", el("span", { class: "words" }, value.captions[index]))))),
      ),
      el("div", { class: "strip", "aria-label": plural(value.count, "frame"), role: "group" }, cells),
    ];
  });
}
