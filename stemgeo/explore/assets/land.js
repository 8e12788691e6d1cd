// The ground: outlines of municipalities, borders of provinces, and where a name stands.

const ringsOf = ({ type, coordinates }) => (type === "Polygon" ? coordinates : coordinates.flat());

const areaOf = (ring) => ring.slice(1).reduce(
  (sum, [x, y], i) => sum + (ring[i][0] * y - x * ring[i][1]) / 2, 0);

// The middle of the largest ring, and the widest row through it: there a name fits best.
const spotOf = (rings) => {
  const largest = [...rings].sort((a, b) => Math.abs(areaOf(b)) - Math.abs(areaOf(a)))[0];
  const ys = largest.map(([, y]) => y);
  const [south, north] = [Math.min(...ys), Math.max(...ys)];
  let best = { width: -1, at: largest[0] };
  for (let step = 2; step <= 6; step += 1) {
    const row = south + ((north - south) * step) / 8;
    const cuts = largest.slice(1).flatMap(([x, y], i) => {
      const [x0, y0] = largest[i];
      return (y0 > row) === (y > row) ? [] : [x0 + ((row - y0) / (y - y0)) * (x - x0)];
    }).sort((a, b) => a - b);
    for (let i = 0; i + 1 < cuts.length; i += 2) {
      const width = (cuts[i + 1] - cuts[i]) * (1.3 - Math.abs(step - 4) / 8);
      if (width > best.width) best = { width, at: [(cuts[i] + cuts[i + 1]) / 2, row] };
    }
  }
  return best.at;
};

// Sides that two provinces share, or that no other municipality has, end to end.
const bordersOf = (places) => {
  const sides = new Map();
  places.forEach(({ rings, province }) => rings.forEach((ring) => ring.slice(1).forEach((end, i) => {
    const ends = [ring[i].join(), end.join()].sort();
    const key = ends.join(" ");
    const side = sides.get(key) ?? { line: [ring[i], end], provinces: [] };
    side.provinces.push(province);
    sides.set(key, side);
  })));
  return [...sides.values()]
    .filter(({ provinces }) => provinces.length === 1 || provinces[0] !== provinces[1])
    .map(({ line }) => line);
};

const isWithin = ([lon, lat], rings) => rings.reduce((within, ring) => ring.slice(1).reduce(
  (inside, [x, y], i) => {
    const [x0, y0] = ring[i];
    return (y0 > lat) !== (y > lat) && lon < x0 + ((lat - y0) / (y - y0)) * (x - x0) ? !inside : inside;
  }, within), false);

export const readLand = ({ municipalities, bounds }) => {
  const places = municipalities.features.filter(({ geometry }) => geometry).map(({ properties, geometry }) => {
    const rings = ringsOf(geometry);
    const size = rings.reduce((sum, ring) => sum + Math.abs(areaOf(ring)), 0);
    const flat = rings.flat();
    const [lons, lats] = [flat.map(([lon]) => lon), flat.map(([, lat]) => lat)];
    const box = [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
    return { ...properties, rings, size, box, spot: spotOf(rings) };
  });
  const at = (lon, lat) => places.find(({ box: [west, south, east, north], rings }) => (
    lon >= west && lon <= east && lat >= south && lat <= north && isWithin([lon, lat], rings))) ?? null;
  return {
    places, at, bounds, geojson: municipalities,
    byCode: new Map(places.map((one) => [one.code, one])),
    borders: bordersOf(places),
  };
};

const LEAST_HALF = 0.03;

// The ground around what changes, with a margin: of some municipalities and places. All of it
// where nothing changes.
export const frameAround = ({ bounds, byCode }, codes, spots) => {
  const boxes = [...codes.map((code) => byCode.get(code)?.box).filter(Boolean), ...spots.map(([lon, lat]) => [lon, lat, lon, lat])];
  if (!boxes.length) return bounds;
  const [west, south, east, north] = [0, 1, 2, 3].map((side) => Math[side < 2 ? "min" : "max"](...boxes.map((box) => box[side])));
  const grown = (low, high, least) => {
    const half = Math.max(least, (high - low) * 0.6);
    return [(low + high) / 2 - half, (low + high) / 2 + half];
  };
  const [left, right] = grown(west, east, LEAST_HALF * 1.6);
  const [bottom, top] = grown(south, north, LEAST_HALF);
  return right - left < bounds[2] - bounds[0] || top - bottom < bounds[3] - bounds[1] ? [left, bottom, right, top] : bounds;
};

// Metres between two places: what is near is flat.
export const metresBetween = (a, b) => {
  const wide = 111_320 * Math.cos(((a.lat + b.lat) * Math.PI) / 360);
  return Math.hypot((a.lon - b.lon) * wide, (a.lat - b.lat) * 110_940);
};

// Web Mercator, in parts of the world.
export const toWorld = (lon, lat) => [
  (lon + 180) / 360,
  (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2,
];
export const fromWorld = (x, y) => [
  x * 360 - 180,
  (Math.atan(Math.sinh((1 - 2 * y) * Math.PI)) * 180) / Math.PI,
];
