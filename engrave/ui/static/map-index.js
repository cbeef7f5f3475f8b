/* Finds the point under a pointer among 100,000 without looking at all of them. */

const SIDE = 256; // cells along a side

export class PointIndex {
  constructor(x, y, [[left, right], [bottom, top]]) {
    Object.assign(this, { x, y, left, bottom });
    this.width = Math.max((right - left) / SIDE, 1e-9);
    this.height = Math.max((top - bottom) / SIDE, 1e-9);
    this.starts = new Uint32Array(SIDE * SIDE + 1);
    for (let row = 0; row < x.length; row++) this.starts[this.cell(row) + 1] += 1;
    for (let cell = 0; cell < SIDE * SIDE; cell++) this.starts[cell + 1] += this.starts[cell];
    const next = this.starts.slice();
    this.rows = new Uint32Array(x.length);
    for (let row = 0; row < x.length; row++) this.rows[next[this.cell(row)]++] = row;
  }

  step(value, first, size) {
    return Math.min(SIDE - 1, Math.max(0, Math.floor((value - first) / size)));
  }

  cell(row) {
    return this.step(this.y[row], this.bottom, this.height) * SIDE + this.step(this.x[row], this.left, this.width);
  }

  /* The row nearest to a place within a radius, of those that are wanted; null where there is none. */
  nearest(x, y, radius, wanted) {
    const columns = [this.step(x - radius, this.left, this.width), this.step(x + radius, this.left, this.width)];
    const lines = [this.step(y - radius, this.bottom, this.height), this.step(y + radius, this.bottom, this.height)];
    let [found, least] = [null, radius * radius];
    for (let line = lines[0]; line <= lines[1]; line++) {
      const end = this.starts[line * SIDE + columns[1] + 1];
      for (let at = this.starts[line * SIDE + columns[0]]; at < end; at++) {
        const row = this.rows[at];
        const far = (this.x[row] - x) ** 2 + (this.y[row] - y) ** 2;
        if (far <= least && wanted(row)) [found, least] = [row, far];
      }
    }
    return found;
  }
}
