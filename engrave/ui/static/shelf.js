/* Which collection is looked at, and what is known of it. */

import { button, el, mount, plural } from "./dom.js";

const KB = 1024;

export function size(bytes) {
  if (bytes < KB * KB) return `${Math.max(1, Math.round(bytes / KB))} kB`;
  return `${(bytes / KB / KB).toFixed(bytes < 10 * KB * KB ? 1 : 0)} MB`;
}

function option({ name, pictures, version, complete }, chosen) {
  const state = complete ? "" : ", import not finished";
  return el("option", { value: name, selected: name === chosen }, `${name}: ${plural(pictures, "picture")}, version ${version}${state}`);
}

function told({ chosen, own, private: alone }) {
  const one = own.find(({ name }) => name === chosen);
  if (!one) return own.length === 0 ? "" : `${plural(own.length, "own collection")} to choose from.`;
  const whose = alone ? " Only you see it; it is deleted an hour after you close this page." : "";
  const more = one.complete ? "" : " Its import was not finished: import the same again and it goes on.";
  return `Version ${one.version}, ${size(one.bytes)} on disk.${whose}${more}`;
}

const heard = new EventTarget();
let latest = null;

/* Calls back with what the chooser lists, now and whenever it changes. */
export function onCollections(listener) {
  heard.addEventListener("collections", () => listener(latest));
  if (latest) listener(latest);
}

function tellCollections(value) {
  latest = value;
  queueMicrotask(() => heard.dispatchEvent(new Event("collections")));
}

/* value: {chosen, label, shipped, own: [{name, pictures, bytes, version, complete}], private} */
export function chooser(context) {
  mount(context, (value) => {
    const { chosen = "", shipped = 0, own = [] } = value;
    const compared = chosen !== "" && !own.some(({ name }) => name === chosen);
    tellCollections(value);
    const select = el(
      "select",
      { id: "chooser-select", on: { change: () => context.trigger("pick", { name: select.value }) } },
      el("option", { value: "", selected: chosen === "" }, `The collection of Engrave: ${plural(shipped, "engraving")}`),
      own.map((one) => option(one, chosen)),
      compared ? el("option", { value: chosen, selected: true }, `Compared: ${value.label}`) : null,
    );
    select.value = chosen;
    return el("div", { class: "map-tools chooser" }, el("label", {}, "Collection ", select), el("span", { class: "facts", role: "status" }, told({ own: [], ...value })));
  });
}

function tally({ name, stopped, added, present, updated, twins, captioned, pictures, seconds, why = "Stopped." }) {
  const parts = [`${plural(added, "picture")} added`];
  if (present) parts.push(`${present.toLocaleString("en")} were there before`);
  if (updated) parts.push(`${updated.toLocaleString("en")} updated`);
  if (twins) parts.push(`${twins.toLocaleString("en")} are the same as others and kept once`);
  if (captioned) parts.push(`${captioned.toLocaleString("en")} captioned by the model`);
  const rate = added > 20 && seconds > 0 ? ` ${(added / seconds).toFixed(0)} pictures a second.` : "";
  if (!stopped) return `“${name}”: ${parts.join(", ")}; ${pictures.toLocaleString("en")} in all.${rate}`;
  return `${why} What was read is kept in “${name}”; import the same again and it goes on from there.`;
}

/* value: what `run` of explore_import.py returns */
export function report(context) {
  mount(context, (value) => {
    if (!value.name) return [];
    const { unread = [], failed = 0 } = value;
    const rows = unread.map(({ file, why }) => el("tr", { class: "failed" }, el("th", { scope: "row" }, file), el("td", {}, why)));
    const head = el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "File"), el("th", { scope: "col" }, "Why it could not be read")));
    return [
      el("p", { class: "note", role: "status" }, tally(value)),
      failed > 0
        ? el(
            "details",
            { open: failed <= 10 },
            el("summary", {}, `${plural(failed, "file")} could not be read${failed > unread.length ? `; the first ${unread.length}` : ""}`),
            el("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "Files that could not be read" }, el("table", { class: "batch unread" }, head, el("tbody", {}, rows))),
          )
        : null,
    ];
  });
}

function moment(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/* A button that asks once more before it acts. */
function confirmed(label, question, act) {
  const row = el("span", { class: "confirm" });
  const ask = button(label, () => {
    row.replaceChildren(el("span", { role: "alert" }, question), button("Yes, remove it", act), button("No, keep it", reset));
    row.querySelector("button:last-child").focus();
  });
  function reset() {
    row.replaceChildren(ask);
    ask.focus();
  }
  row.append(ask);
  return row;
}

/* value: {name, versions: [{number, what, time, pictures}], complete, undo}, newest first */
export function versions(context) {
  const { trigger } = context;
  mount(context, ({ name, versions: listed = [], complete, undo, fixed }) => {
    if (!name) return el("p", { class: "empty" }, "The collection of Engrave cannot be changed. Choose an own one above, or import one.");
    const heads = ["Version", "What was done", "When", "Pictures", ""].map((words) => el("th", { scope: "col" }, words || el("span", { class: "unseen" }, "Go back")));
    const rows = listed.map(({ number, what, time, pictures }, place) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, String(number)),
        el("td", {}, what),
        el("td", {}, moment(time)),
        el("td", {}, pictures.toLocaleString("en")),
        el("td", {}, place === 0 ? "shown now" : fixed ? "" : button("Go back to this", () => trigger("undo", { to: number }), { "aria-label": `Go back to version ${number}` })),
      ),
    );
    return [
      el("h2", {}, `Versions of “${name}”`),
      complete ? null : el("p", { class: "note warning" }, "An import was not finished. Import the same again and it goes on, or take it back."),
      fixed ? null : el(
        "p",
        { class: "actions" },
        undo ? button(complete ? "Undo the last change" : "Take the unfinished import back", () => trigger("undo", {})) : null,
        confirmed("Remove this collection", `Remove “${name}” with all its versions? Nothing brings it back.`, () => trigger("remove", { sure: name })),
      ),
      el("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "Versions" }, el("table", { class: "batch versions" }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows))),
    ];
  });
}
