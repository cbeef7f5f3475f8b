/* The Training tab: facts, curves, figures, pictures and reports of a run. */

import { button, el, mount } from "./dom.js";

let plotly = null; // one promise for all charts

function script(url) {
  plotly ??= window.Plotly ? Promise.resolve() : new Promise((resolve, reject) => {
    document.head.append(el("script", { src: url, on: { load: () => resolve(), error: () => reject(new Error(`${url} did not load`)) } }));
  });
  return plotly;
}

/* Calls once when a node comes into view. */
function whenSeen(node, act) {
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    act();
  }, { rootMargin: "200px" });
  seen.observe(node);
}

function tone(node, name) {
  return getComputedStyle(node).getPropertyValue(name).trim();
}

/* value: {facts} */
export function about(context) {
  mount(context, ({ facts = [] }) => [
    el("h2", {}, "How this model was trained"),
    el("p", { class: facts.length > 0 ? "facts" : "empty" }, facts.length > 0 ? facts.join(" · ") : "Nothing is known of the run that made this model."),
  ]);
}

function trace(curve, box) {
  const held = curve.label === "held-out";
  const colour = tone(box, held ? "--accent" : "--muted");
  return {
    type: "scatter", x: curve.x, y: curve.y, name: curve.label, mode: held ? "lines+markers" : "lines",
    line: { color: colour, width: held ? 2 : 1.2 }, marker: { size: 5 },
  };
}

async function drawChart(chart, box) {
  const clear = "rgba(0,0,0,0)";
  const grid = tone(box, "--rule");
  const [across, up] = chart.axes ?? ["step"];
  const axis = { gridcolor: grid, zeroline: false, linecolor: grid, fixedrange: true };
  const layout = {
    height: 210, margin: { l: 52, r: 10, t: 8, b: 34 }, paper_bgcolor: clear, plot_bgcolor: clear, showlegend: false,
    font: { color: tone(box, "--muted"), size: 12 }, xaxis: { ...axis, title: { text: across, standoff: 4 } }, yaxis: up ? { ...axis, title: { text: up, standoff: 4 } } : axis, hovermode: "x",
  };
  if (chart.limit) layout.shapes = [{ type: "line", x0: chart.limit, x1: chart.limit, yref: "paper", y0: 0, y1: 1, line: { color: tone(box, "--muted"), dash: "dot", width: 1.5 } }];
  await window.Plotly.newPlot(box, chart.curves.map((curve) => trace(curve, box)), layout, { displayModeBar: false, responsive: true });
  box.dataset.drawn = chart.curves.length;
}

/* A chart in words, for those who cannot see it. */
function told(chart) {
  return chart.told ?? chart.curves.map(({ label, y }) => `${label} from ${y[0]} to ${y[y.length - 1]}`).join(", ");
}

function chartFigure(chart) {
  const box = el("div", { class: "chart", role: "img", "aria-label": `${chart.title}: ${told(chart)}` });
  whenSeen(box, () => drawChart(chart, box));
  return el("figure", { class: "curve" }, el("figcaption", {}, chart.title, el("small", {}, told(chart))), box);
}

/* value: {curves, plotly}, two addresses */
export function curves(context) {
  mount(context, ({ curves: address, plotly: library }) => {
    if (!address) return el("p", { class: "empty" }, "No log of a run lies in assets/training; publish one with python -m train publish.");
    const grid = el("div", { class: "curves" });
    const choose = el("select", { "aria-label": "Stage" });
    const tools = el("div", { class: "map-tools" }, el("label", {}, "Stage ", choose), el("span", { class: "facts" }, el("i", { class: "key" }), " training ", el("i", { class: "key held" }), " held-out"));
    const root = el("div", {}, el("h2", {}, "Curves"), tools, grid);
    whenSeen(root, async () => {
      try {
        const [stages] = await Promise.all([fetch(address).then((answer) => answer.json()), script(library)]);
        const show = () => grid.replaceChildren(...stages[choose.selectedIndex].charts.map(chartFigure));
        choose.replaceChildren(...stages.map(({ stage }) => el("option", { value: stage }, stage)));
        choose.addEventListener("change", show);
        show();
        root.dataset.stages = stages.length;
      } catch {
        grid.replaceChildren(el("p", { class: "empty" }, "The curves could not be loaded; reload the page."));
      }
    });
    return root;
  });
}

function wideTable(label, head, rows) {
  const cells = (row) => row.map((text, place) => (place === 0 ? el("th", { scope: "row" }, text) : el("td", {}, text || "–")));
  return el(
    "div",
    { class: "scroller", tabindex: 0, role: "region", "aria-label": label },
    el("table", { class: "batch" }, el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, rows.map((row) => el("tr", {}, cells(row))))),
  );
}

/* value: {head, rows, note} */
export function figures(context) {
  mount(context, ({ head = [], rows = [], note }) => {
    if (rows.length === 0) return el("p", { class: "empty" }, "This run was not measured; python -m train evaluate does it.");
    return [
      el("h2", {}, "Figures, on engravings it never saw"),
      wideTable("Figures of the evaluation", head, rows),
      note ? el("p", { class: "note" }, note) : null,
    ];
  });
}

/* value: {plotly, told, chart, head, rows, note} */
export function trust(context) {
  mount(context, ({ plotly: library, told: words = [], chart, head, rows, note }) => {
    if (!library) return el("p", { class: "empty" }, "How far its captions can be believed was not measured; python -m train calibrate does it.");
    const box = el("div", { class: "curves" });
    const root = el("div", {}, el("h2", {}, "How far its captions can be believed"), words.map((text) => el("p", { class: "telling" }, text)), box, wideTable("Confidence and what came of it", head, rows), note ? el("p", { class: "note" }, note) : null);
    whenSeen(root, async () => {
      try {
        await script(library);
        box.replaceChildren(chartFigure(chart));
      } catch {
        box.replaceChildren(el("p", { class: "empty" }, "The curve could not be drawn; reload the page. Its figures stand below."));
      }
    });
    return root;
  });
}

/* value: {heading, items, empty} */
export function gallery(context) {
  mount(context, ({ heading, items = [], empty }) => [
    el("h2", {}, heading, items.length > 0 ? el("small", {}, " drawn by the model") : null),
    items.length === 0 ? el("p", { class: "facts" }, empty) : null,
    el(
      "div",
      { class: "gallery" },
      items.map(({ src, words, note }) => el("figure", { class: "mount" }, el("img", { src, alt: words, loading: "lazy" }), el("figcaption", {}, words, note ? el("small", {}, note) : null))),
    ),
  ]);
}

/* The whole report in a frame that may run its own charts and nothing of this page. */
function wholeReport(address, name) {
  const frame = el("iframe", { class: "report-frame", sandbox: "allow-scripts", title: `Report on ${name}`, hidden: true });
  const open = button("Read the whole report here", async () => {
    open.setAttribute("aria-expanded", String(frame.hidden));
    frame.hidden = !frame.hidden;
    if (!frame.hidden && !frame.srcdoc) frame.srcdoc = await fetch(address).then((answer) => answer.text());
  }, { "aria-expanded": "false" });
  return [open, frame];
}

function downloads(files) {
  const names = { html: "HTML", md: "Markdown", json: "JSON" };
  return Object.entries(names).map(([ending, name]) => el("a", { class: "quiet", href: files[ending], download: `report.${ending}` }, `Download ${name}`));
}

const FAULTS = ["fail", "warn"];

function findings(verdicts) {
  return el("ul", { class: "verdicts" }, verdicts.map((one) => el("li", {}, el("b", { class: one.grade }, one.grade), el("span", {}, el("strong", {}, `${one.title}. `), one.says))));
}

function folded(title, list, draw) {
  return list.length > 0 ? el("details", {}, el("summary", {}, `${title} (${list.length})`), draw(list)) : null;
}

/* value: {offer} or {pending} or {name, grade, word, why, verdicts, advice, files} */
export function report(context) {
  mount(context, ({ offer, pending, name, grade, word, why, verdicts = [], advice = [], files }) => {
    if (offer) return [el("h2", {}, "The report"), button(offer, (event) => { event.target.disabled = true; event.target.textContent = "Judging …"; context.trigger("ask"); })];
    if (pending) return el("p", { class: "note", role: "status" }, pending);
    if (!files) return [];
    const [open, frame] = wholeReport(files.html, name);
    return [
      el("h2", {}, `Report on ${name}`),
      el("p", { class: "words lead", role: "status" }, `${grade} of 5, ${word}`),
      el("p", { class: "facts" }, why),
      verdicts.length === 0 ? el("p", {}, "No check found fault.") : null,
      findings(verdicts.filter((one) => FAULTS.includes(one.grade))),
      folded("Remarks, and what was not measured", verdicts.filter((one) => !FAULTS.includes(one.grade)), findings),
      folded("What to do next", advice, (texts) => el("ul", { class: "telling" }, texts.map((text) => el("li", { class: "plain" }, text)))),
      el("div", { class: "actions" }, open, downloads(files)),
      frame,
    ];
  });
}
