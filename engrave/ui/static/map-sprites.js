/* Thumbnails from the sheets of the collection: one in a card, and many over the map when it is near. */

import { el } from "./dom.js";

const SIDE = 46; // CSS pixels of a thumbnail on the map
const APART = 50; // between the middles of two
const MOST = 260; // on the map at once
const CROWD = 1400; // points in view, above which the map shows points only
const NEAR = 0.5; // share of the whole map in view, above which it shows points only
const SHEET = 100;

export class Sprites {
  constructor(folder, redraw) {
    this.folder = folder;
    this.redraw = redraw;
    this.sheets = new Map();
  }

  url(row) {
    return this.folder.replace("NAME", `atlas-${String(Math.floor(row / SHEET)).padStart(3, "0")}.webp`);
  }

  /* The thumbnail of an item, cut from its sheet of 10 x 10 cells. */
  element(row) {
    const cell = row % SHEET;
    const place = `${((cell % 10) * 100) / 9}% ${(Math.floor(cell / 10) * 100) / 9}%`;
    return el("div", { class: "sprite", style: { "background-image": `url("${this.url(row)}")`, "background-position": place } });
  }

  /* The sheet of an item, or null while it is on its way; it is decoded beside the page, so that no frame waits. */
  sheet(row) {
    const url = this.url(row);
    if (!this.sheets.has(url)) {
      this.sheets.set(url, null);
      fetch(url)
        .then((answer) => answer.blob())
        .then((blob) => createImageBitmap(blob))
        .then((bitmap) => { this.sheets.set(url, bitmap); this.redraw(); })
        .catch(() => {}); // its points stay plain squares
    }
    return this.sheets.get(url);
  }

  paint(context, row, left, top, tone, faded) {
    const image = this.sheet(row);
    context.globalAlpha = faded ? 0.4 : 1;
    context.fillStyle = tone;
    context.fillRect(left - SIDE / 2 - 2, top - SIDE / 2 - 2, SIDE + 4, SIDE + 4);
    if (!image) return;
    const cell = image.width / 10;
    const at = row % SHEET;
    context.drawImage(image, (at % 10) * cell, Math.floor(at / 10) * cell, cell, cell, left - SIDE / 2, top - SIDE / 2, SIDE, SIDE);
  }
}

/* Chooses which points in view become thumbnails, so that none covers another: those that come first, then those
   in colour, by a fixed shuffle, so that a pan does not change them and a closer look adds more. */
export function thinned(plot, first, greyed) {
  const [width, height] = plot.size;
  const [[left, right], [bottom, top]] = plot.ranges();
  const [[wholeLeft, wholeRight]] = plot.whole();
  if (right - left > NEAR * (wholeRight - wholeLeft)) return [];
  const seen = [];
  for (let row = 0; row < plot.x.length; row++) {
    const [x, y] = [plot.x[row], plot.y[row]];
    if (x >= left && x <= right && y >= bottom && y <= top) seen.push(row);
    if (seen.length > CROWD) return [];
  }
  const rank = (row) => (first.has(row) ? -1 : (greyed(row) ? 1 : 0) + (Math.imul(row + 1, 2654435761) >>> 0) / 2 ** 32);
  seen.sort((one, other) => rank(one) - rank(other));
  const cells = new Map();
  const chosen = [];
  for (const row of seen) {
    const [across, down] = [((plot.x[row] - left) / (right - left)) * width, ((top - plot.y[row]) / (top - bottom)) * height];
    const [column, line] = [Math.floor(across / APART), Math.floor(down / APART)];
    let free = true;
    for (let i = -1; i <= 1 && free; i++)
      for (let j = -1; j <= 1 && free; j++)
        for (const [x, y] of cells.get(`${column + i},${line + j}`) ?? [])
          if (Math.max(Math.abs(x - across), Math.abs(y - down)) < APART) free = false;
    if (!free) continue;
    const key = `${column},${line}`;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push([across, down]);
    chosen.push([row, across, down]);
    if (chosen.length === MOST) break;
  }
  return chosen;
}
