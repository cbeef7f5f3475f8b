/* The pace of a walk: how much changes at each step, before and after the frames were spread evenly. */

import { el, plural } from "./dom.js";

const WIDE = 1000;
const HIGH = 120;
const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/* Coefficient of variation: 0 where all steps are alike. */
function unevenness(values) {
  const middle = mean(values);
  return middle > 0 ? Math.sqrt(mean(values.map((value) => (value - middle) ** 2))) / middle : 0;
}

function told({ before, after, jumps }, even, count) {
  const now = `${Math.round(100 * unevenness(after))} %`;
  const then = `${Math.round(100 * unevenness(before))} %`;
  const steps = even ? `Steps differ by ${now}; at even times they would by ${then}.` : `Steps differ by ${now}.`;
  if (jumps.length === 0) return `${steps} No jumps.`;
  const where = jumps.map((step) => `${step + 1}–${((step + 1) % count) + 1}`).join(", ");
  return `${steps} ${plural(jumps.length, "jump")}, at frames ${where}: more than twice the usual step.`;
}

/* Steps as one line; the pixels of a line stand in the middle of its step. */
function curve(steps, scale, name) {
  const points = steps.map((size, step) => `${((step + 0.5) / steps.length) * WIDE},${HIGH - size * scale}`);
  return svg("polyline", { class: name, points: points.join(" ") });
}

/* Returns {node, go}, or null where nothing is known of the pace. */
export function pace(walk, seek) {
  if (!walk.pace?.after?.length) return null;
  const { before, after, jumps } = walk.pace;
  const scale = (HIGH - 12) / Math.max(...before, ...after, 1e-9);
  const at = (frame) => (frame / after.length) * WIDE;
  const cursor = svg("line", { class: "cursor", x1: 0, x2: 0, y1: 0, y2: HIGH });
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": told(walk.pace, walk.even, walk.count) },
    ...jumps.map((step) => svg("rect", { class: "jump", x: at(step), y: 0, width: WIDE / after.length, height: HIGH })),
    ...(walk.stops ?? []).map((frame) => svg("line", { class: "stop", x1: at(frame), x2: at(frame), y1: 0, y2: HIGH })),
    ...(walk.even ? [curve(before, scale, "before")] : []),
    curve(after, scale, "after"),
    cursor,
  );
  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    seek(Math.min(walk.count - 1, Math.max(0, Math.round(((event.clientX - box.left) / box.width) * after.length))));
  });
  const key = (name, words) => el("span", {}, el("i", { class: `key ${name}`, "aria-hidden": "true" }), words);
  const keys = [walk.even ? key("before", "at even times") : null, key("after", "as walked"), key("stop", "keyframe"), jumps.length > 0 ? key("jump", "jump") : null];
  const node = el("figure", { class: "pace" }, el("figcaption", {}, "Change from frame to frame", el("small", {}, keys)), picture, el("p", { class: "facts" }, told(walk.pace, walk.even, walk.count)));
  return { node, go: (frame) => { cursor.setAttribute("x1", at(frame)); cursor.setAttribute("x2", at(frame)); } };
}
