/* Opens the map of a collection, and another one when another collection is chosen. */

import { el } from "./dom.js";
import { CollectionMap } from "./map.js";

/* value: {files: {...}} and the marks that explore_map.py describes */
export async function map(context) {
  let view = null;
  const open = async (arrived) => {
    view?.close();
    view = null;
    if (!context.props.value?.files) {
      context.element.querySelector(".widget").replaceChildren(el("p", { class: "empty" }, "There is no collection to map yet."));
      return;
    }
    const fresh = (view = new CollectionMap(context, arrived));
    if (fresh.address.elsewhere()) return;
    try {
      await fresh.load();
    } catch (error) {
      if (fresh.gone) return;
      console.warn(error);
      const why = window.Plotly ? "The map needs WebGL, which this browser does not offer" : "The map cannot be drawn, as plotly.js did not come from the server";
      fresh.stage.replaceChildren(el("p", { class: "empty" }, `${why}; search and table do the same.`));
      context.element.dataset.points = 0;
    }
  };
  context.watch("value", () => {
    const waits = view !== null && view.arrived && !view.ready;
    if (view?.source !== context.props.value?.files?.xy) open(waits);
    else if (waits && context.props.value.missing !== undefined) open(true);
    else view?.mark();
  });
  await open(true);
}
