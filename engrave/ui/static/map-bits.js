/* Numbers of one bit or one byte a point, packed as base64 so that 100,000 travel as 17 or 134 kB. */

export function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/* Indices whose bit is set, in order. */
export function rowsOf(text) {
  const rows = [];
  if (!text) return rows;
  bytes(text).forEach((byte, at) => {
    for (let bit = 0; byte >> bit; bit++) if ((byte >> bit) & 1) rows.push(8 * at + bit);
  });
  return rows;
}

export function bitsOf(rows, count) {
  const packed = new Uint8Array(Math.ceil(count / 8));
  for (const row of rows) packed[row >> 3] |= 1 << (row & 7);
  let text = "";
  for (const byte of packed) text += String.fromCharCode(byte);
  return btoa(text);
}
