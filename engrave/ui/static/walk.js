/* The player of a walk: a scrubber that never asks the server, a strip, the pace, the film. */

import { bookLink, button, called, el, likeness, mount, plural } from "./dom.js";
import { pace } from "./pace.js";

const FPS = 9; // where a walk does not say how fast it is

/* Shows one cell of the sheet in an element. */
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

/* Frames in the order of the film: there and back where the walk does not say. */
function order(walk) {
  if (walk.timeline) return walk.timeline;
  const there = Array.from({ length: walk.count }, (_, index) => index);
  return [...there, ...there.slice(1, -1).reverse()];
}

/* The engraving of the collection that is nearest to a frame. */
function nearest(walk, trigger) {
  const node = el("div", { class: "nearest" });
  let shown = null;
  return {
    node,
    go(index) {
      const near = walk.nearest?.[index];
      if (!near || near.index === shown) return;
      shown = near.index;
      const item = walk.near[near.index];
      const open = () => trigger("open", { index: near.index, id: item.id });
      const thumb = el("button", { type: "button", class: item.original ? "thumb original" : "thumb", "aria-label": `Open in Explore: ${called(item)}`, on: { click: open } }, el("img", { src: item.thumb, alt: "", width: 96, height: 96 }));
      node.replaceChildren(
        thumb,
        el("div", {}, el("p", { class: "near-label" }, "Nearest engraving, ", likeness([item])), el("p", { class: "words" }, item.caption), el("p", { class: "facts" }, bookLink(item), `, ${item.year} · similarity ${near.similarity.toFixed(2)}`)),
      );
    },
  };
}

function player(walk, trigger) {
  const film = order(walk);
  const still = el("div", { class: "still", role: "img" });
  const words = el("p", { class: "words", "aria-live": "off" });
  const place = el("p", { class: "facts place" });
  const range = el("input", { type: "range", min: 0, max: walk.count - 1, value: 0, step: 1, "aria-label": "Frame of the walk" });
  const play = el("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "Play");
  const speed = pace(walk, (index) => { stop(); go(index); });
  const near = nearest(walk, trigger);
  const name = (index) => (walk.stops?.includes(index) ? `Frame ${index + 1}, keyframe ${walk.stops.indexOf(index) + 1}` : `Frame ${index + 1}`);
  const cells = Array.from({ length: walk.count }, (_, index) =>
    el("button", { type: "button", class: walk.stops?.includes(index) ? "cell stop" : "cell", "aria-label": name(index), on: { click: () => { stop(); go(index); } } }),
  );
  let timer = null;
  let at = 0; // place in the film

  function go(index) {
    range.value = String(index);
    range.setAttribute("aria-valuetext", `${name(index)}: ${captionAt(walk, index)}`);
    show(still, walk, index, captionAt(walk, index) || name(index));
    words.textContent = captionAt(walk, index);
    place.textContent = `frame ${index + 1} of ${walk.count}`;
    cells.forEach((cell, position) => cell.classList.toggle("current", position === index));
    speed?.go(index);
    near.go(index);
  }
  function advance() {
    if (!still.isConnected) return stop();
    at = (at + 1) % film.length;
    go(film[at]);
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
    play.setAttribute("aria-pressed", "false");
  }
  function start() {
    at = Math.max(0, film.indexOf(Number(range.value)));
    timer = setInterval(advance, 1000 / (walk.fps ?? FPS));
    play.textContent = "Pause";
    play.setAttribute("aria-pressed", "true");
  }
  range.addEventListener("input", () => { stop(); go(Number(range.value)); });
  play.addEventListener("click", () => (timer ? stop() : start()));
  cells.forEach((cell, index) => show(cell, walk, index));
  go(0);
  return { still, words, place, range, play, cells, speed, near };
}

const FILES = [["mp4", "MP4"], ["gif", "GIF"], ["webp", "WebP"], ["vtt", "Captions (VTT)"], ["json", "Recipe (JSON)"]];

function film(walk, trigger) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const track = walk.vtt ? el("track", { kind: "captions", src: walk.vtt, srclang: "en", label: "What the model sees", default: true }) : null;
  const video = el("video", { src: walk.mp4, loop: true, muted: true, autoplay: !calm, playsinline: true, controls: true, "aria-label": "The walk as a film" }, track);
  video.muted = true; // the attribute alone does not let it start by itself
  const chart = () => trigger("chart", { x: walk.path.map(([x]) => x), y: walk.path.map(([, y]) => y) });
  return el(
    "div",
    { class: "film" },
    el("figure", { class: "mount" }, video),
    el(
      "p",
      { class: "actions" },
      FILES.filter(([format]) => walk[format]).map(([format, words]) => el("a", { class: "quiet", href: walk[format], download: `engrave-walk.${format}` }, `Download ${words}`)),
      walk.path?.length > 1 ? button("Show on the map", chart) : null,
    ),
  );
}

/* value: {sheet, columns, count, captions, mp4, gif, note} and, of walks made here, {webp, vtt, json,
   stops, timeline, fps, pace, nearest: [{index, similarity}], near: {index: engraving}, path} */
export function walk(context) {
  mount(context, (value) => {
    if (!value.sheet) return el("p", { class: "empty" }, value.empty ?? "");
    const parts = player(value, context.trigger);
    const captioned = Object.keys(value.captions).map(Number).sort((one, other) => one - other);
    const told = captioned.filter((index, k) => k === 0 || value.captions[index] !== value.captions[captioned[k - 1]]);
    return [
      value.note ? el("p", { class: "note", role: "status" }, value.note) : null,
      el(
        "div",
        { class: "player" },
        el("div", { class: "stage" }, el("figure", { class: "mount" }, parts.still), el("div", { class: "scrub" }, parts.play, parts.range), parts.place, parts.words, parts.near.node),
        film(value, context.trigger),
        el("div", { class: "telling" }, el("h2", {}, "What it sees on the way"), el("ol", { tabindex: 0, "aria-label": "Captions by frame" }, told.map((index) => el("li", {}, el("span", { class: "facts" }, `${index + 1}`), " ", el("span", { class: "words" }, value.captions[index]))))),
        parts.speed?.node,
        el("div", { class: "strip", "aria-label": plural(value.count, "frame"), role: "group" }, parts.cells),
      ),
    ];
  });
}

/* A file that was made on request; it is saved at once. value: {src, name} */
export function taken(context) {
  let saved = null;
  mount(context, ({ src, name }) => {
    if (!src) return [];
    const link = el("a", { class: "quiet file", href: src, download: name }, `Save ${name}`);
    if (src !== saved) {
      saved = src;
      queueMicrotask(() => link.click());
    }
    return el("p", { class: "actions", role: "status" }, link);
  });
}
