/* Builds elements from plain data. Every text goes in as text, never as HTML. */

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, setting] of Object.entries(value)) node.style.setProperty(property, setting);
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";

function focusable(root) {
  return [...root.querySelectorAll(FOCUSABLE)];
}

function nameOf(node) {
  return node?.getAttribute("aria-label") || node?.textContent.trim();
}

/* Returns what brings the keyboard back to where it was, once its place is drawn anew. */
function keyboardIn(root) {
  const held = document.activeElement;
  if (!root.contains(held)) return () => {};
  const before = focusable(root);
  const place = before.indexOf(held);
  const name = nameOf(held);
  return () => {
    const all = focusable(root);
    const likely = all[Math.min(place, all.length - 1)];
    // where as many are there as before, only names have changed: a star that is now set
    const same = all.length === before.length || nameOf(likely) === name ? likely : all.find((node) => nameOf(node) === name);
    (same ?? likely)?.focus({ preventScroll: true });
  };
}

/* Draws a widget now and again whenever Python sends another value; the keyboard stays where it was. Returns what draws
   it once more. */
export function mount({ element, props, watch }, draw) {
  const root = element.querySelector(".widget");
  const render = () => {
    const back = keyboardIn(root);
    root.replaceChildren(...[draw(props.value ?? {})].flat().filter(Boolean));
    back();
  };
  watch("value", render);
  render();
  return render;
}

export function button(label, onclick, attributes = {}) {
  return el("button", { type: "button", class: "quiet", ...attributes, on: { click: onclick } }, label);
}

/* Titles of old books can run over half a page; cut them between words. */
function shortened(text, limit = 64) {
  return text.length <= limit ? text : `${text.slice(0, text.lastIndexOf(" ", limit))} …`;
}

/* What an engraving is called where it needs a name: by its caption, else its title, else its file. */
export function called(item) {
  return item.caption || item.printed || item.file || item.book || "a picture without words";
}

/* A link to where an engraving is from, or only its title where there is no address on the web. */
export function bookLink(item) {
  const text = shortened(item.book);
  const url = String(item.url ?? "");
  if (!/^https?:\/\//.test(url)) return el("span", {}, text);
  const where = url.startsWith("https://www.gutenberg.org/") ? "the book's page at Project Gutenberg" : "its page";
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: `${item.book} (opens ${where})` }, text);
}

/* Where an engraving is from, with its year where that is known. */
export function origin(item) {
  return [bookLink(item), item.year ? `, ${item.year}` : ""];
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

export const MEMORY = "as the model remembers it";
export const ORIGINAL = "original from Project Gutenberg";

export const IMPORTED = "as it was imported";

/* Says what the pictures of engravings are; where several kinds stand together, originals bear a mark. */
export function likeness(items) {
  const count = items.filter((item) => item.original).length;
  if (count > 0 && count === items.length) return count === 1 ? ORIGINAL : "originals from Project Gutenberg";
  const kinds = new Set(items.filter((item) => !item.original).map((item) => (item.imported ? IMPORTED : MEMORY)));
  const others = kinds.size > 0 ? [...kinds].join(" or ") : MEMORY;
  return count === 0 ? others : `marked •: ${ORIGINAL}; others: ${others}`;
}
