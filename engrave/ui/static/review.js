/* The caption desk: the table of a batch, the editor below it, and what is taken away. */

import { button, el, mount, plural } from "./dom.js";

const STATES = { machine: "Machine", edited: "Edited", accepted: "Accepted", rejected: "Rejected" };
const FILTERS = { all: "All", open: "To review", ...STATES };
const HEADINGS = ["", "File", "Caption", "State"];

/* What would be lost with the page: records that lie in no file yet, and what is typed. */
const loose = { records: 0, typed: () => false };
window.addEventListener("beforeunload", (event) => {
  if (loose.records || loose.typed()) event.preventDefault();
});

/* What is written in the editor and not saved, to go along with whatever else is asked for. */
export function draft() {
  return document.querySelector("#caption-editor form")?.sending() ?? null;
}

/* A word with its probability as ink, and what speaks for it as a line below. */
export function inkWord({ text, mark, probability }) {
  const told = { supported: "borne out by the nearest engravings", unsupported: "nothing near bears this out" }[mark];
  const ink = 0.68 + 0.32 * Math.min(1, Math.max(0, probability));
  const sure = probability < 1 ? `probability ${probability.toFixed(2)}` : null;
  const title = [told, sure].filter(Boolean).join(", ");
  return [el("span", { class: `ink ${mark}`, style: { "--ink": ink }, title: title || null }, text), " "];
}

function row(entry, opened, trigger) {
  const current = entry.key === opened;
  const open = () => trigger("open", { key: entry.key, draft: draft() });
  return el(
    "tr",
    { class: current ? "current" : "" },
    el("td", {}, entry.thumb ? el("img", { src: entry.thumb, alt: "", width: 64, height: 64 }) : null),
    el("th", { scope: "row" }, entry.file),
    el(
      "td",
      { class: "words" },
      el("button", { type: "button", class: "row-open", "aria-current": current ? "true" : null, on: { click: open } }, entry.caption || "no caption"),
      entry.sure === false ? el("p", { class: "facts warning" }, "I am not sure.") : null,
      entry.findings ? el("p", { class: "facts" }, `House style: ${plural(entry.findings, "remark")}.`) : null,
    ),
    el("td", {}, el("span", { class: `state ${entry.state}` }, STATES[entry.state])),
  );
}

function progress(value, trigger) {
  const { running, done, whole, waiting, all } = value;
  const risk = value.loose ? `${plural(value.loose, "record")} not downloaded yet.` : "";
  if (running) {
    return [
      el("p", { role: "status" }, `${done} of ${plural(whole, "picture")} read.`),
      el("progress", { max: whole, value: done, "aria-label": "Pictures read" }),
      button("Stop", () => trigger("stop", {})),
    ];
  }
  const left = waiting ? `Stopped, ${plural(waiting, "picture")} to go.` : "";
  return [
    el("p", { role: "status" }, `${plural(all, "picture")} on the desk. ${left} ${risk}`.trim()),
    waiting ? button("Go on", () => trigger("resume", {})) : null,
    waiting ? null : button("Caption again", () => trigger("again", {}), { title: "Writes anew what nobody has reviewed" }),
  ];
}

function filters({ which, counts, all }, trigger) {
  const count = { all, open: counts.machine + counts.edited, ...counts };
  return el(
    "div",
    { class: "tools", role: "group", "aria-label": "Which captions are shown" },
    Object.entries(FILTERS).map(([name, label]) =>
      button(`${label} ${count[name]}`, () => trigger("turn", { which: name }), { "aria-pressed": String(which === name) }),
    ),
  );
}

function pager({ page, pages }, trigger) {
  if (pages < 2) return null;
  const to = (number) => () => trigger("turn", { page: number });
  return el(
    "p",
    { class: "actions pages" },
    button("Previous page", to(page - 1), { disabled: page === 0 }),
    el("span", {}, `${page + 1} of ${pages}`),
    button("Next page", to(page + 1), { disabled: page === pages - 1 }),
  );
}

/* value: {rows, counts, all, which, page, pages, opened, unread, running, done, whole, waiting} */
export function table(context) {
  const { trigger } = context;
  mount(context, (value) => {
    loose.records = value.loose ?? 0;
    if (!value.rows || (value.all === 0 && !value.unread.length && !value.running && !value.waiting)) return [];
    return [
      el("h2", {}, "The desk"),
      el("div", { class: "table-head" }, progress(value, trigger)),
      filters(value, trigger),
      el(
        "div",
        { class: "scroller", tabindex: 0, role: "region", "aria-label": "Captions of the pictures" },
        el(
          "table",
          { class: "batch desk" },
          el("thead", {}, el("tr", {}, HEADINGS.map((text) => el("th", { scope: "col" }, text || el("span", { class: "unseen" }, "Picture"))))),
          el(
            "tbody",
            {},
            value.rows.map((entry) => row(entry, value.opened, trigger)),
            value.unread.map(({ file, error }) => el("tr", { class: "failed" }, el("td", {}), el("th", { scope: "row" }, file), el("td", { colspan: 2 }, error))),
          ),
        ),
      ),
      pager(value, trigger),
    ];
  });
}

const KEYS = { KeyA: "accepted", KeyR: "rejected", KeyN: "next", KeyP: "previous", KeyS: "save" };

/* How far one text is, and what can be decided of it alone. */
function verdict(name, label, state, empty, trigger) {
  const words = label.split(",")[0].toLowerCase();
  const act = (event, more = {}) => () => trigger(event, name, more);
  const decided = state === "accepted" || state === "rejected";
  return el(
    "span",
    { class: "verdict" },
    empty && !decided ? null : el("span", { class: `state ${state}` }, STATES[state]),
    decided
      ? button("↺", act("undo"), { "aria-label": `Open the ${words} again`, title: "Open this text again" })
      : [
          button("✓", act("judge", { state: "accepted" }), { "aria-label": `Accept the ${words} alone`, title: "Accept this text alone" }),
          button("✗", act("judge", { state: "rejected" }), { "aria-label": `Reject the ${words} alone`, title: "Reject this text alone" }),
        ],
  );
}

function field(name, label, value, attributes = {}, lines = 1, beside = null) {
  const id = `desk-${name}`;
  const kind = lines > 1 ? "textarea" : "input";
  const box = el(kind, { id, name, rows: lines > 1 ? lines : null, autocomplete: "off", ...attributes }, lines > 1 ? value : "");
  if (lines === 1) box.value = value;
  return el("div", { class: "field" }, el("span", { class: "field-head" }, el("label", { for: id }, label), beside), box);
}

function provenance(item) {
  const lines = [
    `${item.mark[0].toUpperCase()}${item.mark.slice(1)}.`,
    `Model ${item.model_version}, ${item.written.slice(0, 10)}.`,
    item.distance ? `${plural(item.distance, "letter")} changed.` : "",
    item.reviewed ? `${STATES[item.state]} by ${item.reviewer}, ${item.reviewed.slice(0, 10)}.` : "",
    `Match with the picture ${item.match.toFixed(2)}.`,
  ];
  return el("p", { class: "facts" }, lines.filter(Boolean).join(" "));
}

function counter(box, most, out) {
  const tell = () => (out.textContent = `${box.value.trim().length} of ${most} characters`);
  box.addEventListener("input", tell);
  tell();
}

const textsOf = (form) => Object.fromEntries([...form.elements].filter((box) => box.name).map((box) => [box.name, box.value]));
const differing = (texts, from) => Object.fromEntries(Object.entries(texts).filter(([name, text]) => text !== from[name]));
const isText = ([name]) => name !== "reviewer";

/* Only what was typed is sent, as the machine may have written anew below it; a decision is about all that was seen. */
function act(form, item, trigger) {
  const shown = textsOf(form);
  let sent = shown;
  form.sending = () => {
    sent = textsOf(form);
    return { key: item.key, reviewer: sent.reviewer, ...differing(sent, shown) };
  };
  form.typedSince = () => differing(textsOf(form), sent);
  form.typed = () => Object.entries(differing(textsOf(form), shown)).some(isText);
  const judge = (state) => () => trigger("judge", { ...form.sending(), ...textsOf(form), state });
  return {
    save: () => trigger("save", form.sending()),
    accepted: judge("accepted"),
    rejected: judge("rejected"),
    next: () => trigger("step", form.sending()),
    previous: () => trigger("step", { ...form.sending(), back: true }),
    undo: () => trigger("undo", form.sending()),
    alone: (event, only, more) => trigger(event, { ...form.sending(), [only]: form.elements[only].value, only, ...more }),
    read: () => trigger("read", form.sending()),
  };
}

/* Keeps what was typed after a request had left, for when its record is shown again. */
function keeper() {
  const kept = new Map();
  let form = null;
  loose.typed = () => Boolean(form?.typed()) || kept.size > 0;
  return {
    leave() {
      const { reviewer, ...texts } = form?.typedSince() ?? {};
      if (Object.keys(texts).length) kept.set(form.dataset.key, texts);
      form = null;
      return reviewer;
    },
    enter(next, reviewer) {
      form = next;
      const texts = { ...kept.get(form.dataset.key), ...(reviewer === undefined ? {} : { reviewer }) };
      kept.delete(form.dataset.key);
      for (const [name, text] of Object.entries(texts)) form.elements[name].value = text;
    },
  };
}

function fields(item, decide) {
  const text = (name, label, attributes, lines) => field(name, label, item[name], attributes, lines, verdict(name, label, item.states[name], !item[name], decide));
  return [
    text("caption", "Caption", { maxlength: 300 }, 3),
    text("alt", "Alternative text, for screen readers", { maxlength: item.max_alt, "aria-describedby": "desk-alt-count" }, 2),
    el("p", { class: "facts", id: "desk-alt-count" }),
    text("title", "Printed title", { maxlength: 300 }),
    text("printed", "Printed words in the plate", { maxlength: item.max_printed }, 2),
    text("tags", "Tags, with semicolons between", { maxlength: 300 }),
    field("reviewer", "Reviewed by", item.reviewer, { maxlength: 100 }),
  ];
}

/* Words that a machine read and that a person may take in place of what stands. */
function wordsRead(item, form) {
  const take = () => (form.elements.printed.value = item.read);
  return el("p", { class: "facts" }, "Read in the plate: ", el("q", {}, item.read), " ", button("Take these words", take));
}

function remarks(item, form) {
  const changes = item.changes.map(([found, preferred]) => el("li", {}, el("del", {}, found), " became ", el("ins", {}, preferred), " by the vocabulary."));
  return el(
    "div",
    { class: "remarks" },
    el("h3", {}, "Held against the evidence"),
    el("p", { class: "words" }, item.marks.map(inkWord)),
    el("p", { class: "facts" }, "Underlined: the nearest engravings show it too. Dotted: none of them does. The paler a word, the less sure the model."),
    el("ul", { class: "plain" }, item.findings.map((sentence) => el("li", { class: "warning" }, sentence)), changes),
    item.machine === item.caption ? null : el("p", { class: "facts" }, "The machine wrote: ", el("q", {}, item.machine)),
    item.read ? wordsRead(item, form) : null,
    provenance(item),
  );
}

/* value: one record; the keys are Alt with A, R, N, P or S */
export function editor(context) {
  let held = false; // the keyboard was in here before the last answer came
  let does = {};
  const typing = keeper();
  const { element } = context;
  element.addEventListener("keydown", (event) => {
    const name = event.altKey && !event.ctrlKey && !event.metaKey ? KEYS[event.code] : undefined;
    if (!name || !does[name]) return;
    event.preventDefault();
    held = true;
    does[name]();
  });
  mount(context, (item) => {
    const reviewer = typing.leave();
    if (!item.key) return [];
    const form = el("form", { class: "desk-form", "data-key": item.key, "aria-label": `Texts of ${item.file}` }, fields(item, (...what) => does.alone(...what)));
    does = act(form, item, (name, data) => {
      held = true;
      context.trigger(name, data);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      does.save();
    });
    typing.enter(form, reviewer);
    counter(form.elements.alt, item.max_alt, form.querySelector("#desk-alt-count"));
    if (held) requestAnimationFrame(() => form.elements.caption.focus({ preventScroll: true }));
    held = false;
    const decided = item.state === "accepted" || item.state === "rejected";
    const key = (letter) => ({ "aria-keyshortcuts": `Alt+${letter}`, title: `Alt+${letter}` });
    return [
      el("h2", {}, `${item.place} of ${item.total}: ${item.file} `, el("span", { class: `state ${item.state}` }, STATES[item.state])),
      el("p", { class: "note", role: "status" }, item.note ?? ""),
      el("div", { class: "desk-halves" }, form, remarks(item, form)),
      el(
        "p",
        { class: "actions" },
        button("Accept", does.accepted, key("A")),
        button("Reject", does.rejected, key("R")),
        button("Save", does.save, key("S")),
        button("Previous", does.previous, key("P")),
        button("Next", does.next, key("N")),
        decided ? button("Open again", does.undo) : null,
        item.reads ? button("Read printed words", does.read) : null,
      ),
      el("p", { class: "facts" }, "Keys while you write: Alt+A accepts and opens the next, Alt+R rejects, Alt+S saves, Alt+N and Alt+P go on and back."),
    ];
  });
}

/* value: {formats, accepted, all, canvas, file, note} */
export function away(context) {
  const chosen = { format: "csv", all: false };
  mount(context, (value) => {
    if (!value.formats) return [];
    const format = el("select", { id: "desk-format" }, value.formats.map(({ name, label }) => el("option", { value: name, selected: name === chosen.format }, label)), el("option", { value: "project", selected: chosen.format === "project" }, "Project, to go on later"));
    const all = el("input", { type: "checkbox", id: "desk-all", checked: chosen.all });
    const canvas = el("input", { id: "desk-canvas", placeholder: "https://example.org/iiif/{stem}/canvas/1", autocomplete: "off" });
    canvas.value = value.canvas ?? "";
    const address = el("div", { class: "field" }, el("label", { for: "desk-canvas" }, "Address of the IIIF canvases, with {stem}, {file} or {key}"), canvas);
    const show = () => (address.hidden = format.value !== "annotations");
    format.addEventListener("change", show);
    show();
    const send = () => {
      Object.assign(chosen, { format: format.value, all: all.checked });
      context.trigger("export", { format: format.value, all: all.checked, canvas: canvas.value });
    };
    return [
      el("h2", {}, "Take away"),
      el(
        "div",
        { class: "table-head" },
        el("label", { for: "desk-format" }, "Format"),
        format,
        el("label", {}, all, ` All ${value.all}, marked, not only the ${value.accepted} accepted`),
        button("Make the file", send),
        value.file ? el("a", { class: "quiet", href: value.file.src, download: value.file.name, on: { click: () => context.trigger("fetch", {}) } }, `Download ${value.file.name} (${plural(value.file.count, "record")})`) : null,
      ),
      address,
    ];
  });
}
