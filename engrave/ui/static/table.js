/* The table of a batch of pictures. */

import { button, el, mount, plural } from "./dom.js";

const HEADINGS = ["", "File", "Caption", "Probability", "Other captions", "Nearest engraving"];

function row(entry) {
  const picture = entry.thumb ? el("img", { src: entry.thumb, alt: "", width: 64, height: 64 }) : null;
  if (entry.error) {
    return el("tr", { class: "failed" }, el("td", {}), el("th", { scope: "row" }, entry.file), el("td", { colspan: 4 }, entry.error));
  }
  return el(
    "tr",
    {},
    el("td", {}, picture),
    el("th", { scope: "row" }, entry.file),
    el("td", { class: "words" }, entry.caption),
    el("td", { class: "number" }, entry.probability.toFixed(2)),
    el("td", {}, el("ul", {}, entry.others.map((other) => el("li", {}, `${other.text} (${other.probability.toFixed(2)})`)))),
    el("td", {}, entry.nearest ? `${entry.nearest.caption} (${entry.nearest.similarity.toFixed(2)})` : ""),
  );
}

/* value: {rows, total, csv} */
export function batch(context) {
  let stopped = null; // the batch that was stopped: a row that was under way may come after
  mount(context, ({ rows = [], total = 0, csv }) => {
    if (total === 0) return [];
    const failed = rows.filter((entry) => entry.error).length;
    const state = `${rows.length} of ${plural(total, "picture")} read${failed ? `, ${failed} could not be` : ""}.`;
    const stop = button("Stop", () => {
      stopped = csv;
      context.trigger("stop");
      stop.replaceWith("Stopped.");
    });
    return [
      el(
        "div",
        { class: "table-head" },
        el("p", { role: "status" }, state),
        csv ? el("a", { class: "quiet", href: csv, download: "captions.csv" }, "Download CSV") : null,
        rows.length < total ? (stopped === csv ? "Stopped." : stop) : null,
      ),
      el(
        "div",
        { class: "scroller", tabindex: 0, role: "region", "aria-label": "Captions of the pictures" },
        el("table", { class: "batch" }, el("thead", {}, el("tr", {}, HEADINGS.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, rows.map(row))),
      ),
    ];
  });
}
