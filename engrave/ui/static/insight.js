/* Clusters of the map with their names, which can be changed; also tells the map of them and of its trust. */

import { button, el, mount } from "./dom.js";

const heard = new EventTarget();
let latest = null;

/* Calls back with {trust, cluster, clusters, mean, lone} now and whenever it changes; returns what ends that. */
export function onInsight(listener) {
  const hear = () => listener(latest);
  heard.addEventListener("insight", hear);
  if (latest) hear();
  return () => heard.removeEventListener("insight", hear);
}

const shown = new EventTarget();
export function showClusters(open) {
  shown.dispatchEvent(new CustomEvent("shown", { detail: open }));
}

const asked = new EventTarget();
export function onClusterAsked(listener) {
  const hear = (event) => listener(event.detail);
  asked.addEventListener("asked", hear);
  return () => asked.removeEventListener("asked", hear);
}

function cluster(one, number, trigger) {
  const name = trigger === null ? el("span", {}, one.name) : el("input", { type: "text", value: one.name, maxlength: 60, "aria-label": `Name of cluster ${number + 1}` });
  const save = () => { if (name.value !== one.name) trigger("rename", { number, name: name.value }); };
  if (trigger !== null) name.addEventListener("change", save);
  return el(
    "li",
    { class: "cluster" },
    el("button", { type: "button", class: "thumb", title: "Show on the map", "aria-label": `Show on the map: ${one.name}`, on: { click: () => asked.dispatchEvent(new CustomEvent("asked", { detail: { ...one, number } })) } }, el("img", { src: one.thumb, alt: "", width: 64, height: 64, loading: "lazy" })),
    el("div", {}, name, el("small", { class: "facts" }, `${one.size} engravings`)),
  );
}

/* value: {trust, cluster, fixed, mean, lone, clusters: [{name, size, medoid, thumb, x, y}]} */
export function clusters(context) {
  let open = false;
  const root = context.element.querySelector(".widget");
  shown.addEventListener("shown", (event) => { open = event.detail; root.hidden = !open; });
  mount(context, (value) => {
    if (!value.clusters) {
      latest = null; // of another collection
      return el("p", { class: "empty" }, "Finding clusters …");
    }
    latest = value;
    queueMicrotask(() => heard.dispatchEvent(new Event("insight")));
    if (value.clusters.length === 0) return el("p", { class: "empty" }, "This map has no clusters.");
    return el(
      "details",
      { class: "clusters", open: true },
      el("summary", {}, `${value.clusters.length} clusters, named by the words that set their captions apart${value.fixed ? "" : "; names can be changed"}`),
      el("ol", {}, value.clusters.map((one, number) => cluster(one, number, value.fixed ? null : context.trigger))),
    );
  });
  root.hidden = true;
  if (!context.props.value?.clusters) context.trigger("ponder", {});
}
