/* Colours of the map's facets: muted inks, and a ramp for what has an order. */

const INKS = [
  "#8c3b2a", "#c08a2d", "#5d6b4e", "#2f5d66", "#6b4a7a", "#b5654a", "#3f6d8c", "#8a7a2e", "#a34a68", "#4f7f6a", "#7a5230", "#566ba0",
  "#d59a86", "#dcb95f", "#9fb08a", "#7fa3a8", "#ad8fc0", "#e3a58c", "#8fb4cf", "#c4b66a", "#d08fa8", "#93bfa9", "#b99470", "#9aa9d3",
];
export const RAMP = ["#d8a548", "#c2703d", "#9a3f3a", "#6c3b63", "#37476f", "#1f5c63"]; // early to late

function mix(one, other, share) {
  const channel = (colour, at) => parseInt(colour.slice(at, at + 2), 16);
  const part = (at) => Math.round(channel(one, at) * (1 - share) + channel(other, at) * share);
  return `rgb(${part(1)}, ${part(3)}, ${part(5)})`;
}

function ramp(share) {
  const place = share * (RAMP.length - 1);
  const step = Math.min(Math.floor(place), RAMP.length - 2);
  return mix(RAMP[step], RAMP[step + 1], place - step);
}

export function colours(facet, names) {
  if (facet === "decade") return names.map((_, code) => ramp(names.length > 1 ? code / (names.length - 1) : 0));
  return names.map((_, code) => INKS[code % INKS.length]);
}

/* A colour scale with a hard step for each code, so that codes can travel as numbers. */
export function scale(tones) {
  return tones.flatMap((tone, code) => [
    [code / tones.length, tone],
    [(code + 1) / tones.length, tone],
  ]);
}
