// Order: lists whose elements each have a position, one text in one field; see order.d.ts.

import { Integer } from './src/value.js';
import { LEAST, LONGEST, MOST, hashOf, pathOf, textOf } from './src/position.js';
import { compareText, refuse } from './src/text.js';

const SPACING = 32; // the distance between the integers of neighbours where there is room
const MOST_TURNS = 2 ** 40; // lastTurn believes
const TOO_LONG = 64;
const SHORT = TOO_LONG - 26;

/** between returns a position between two others, where '' is an end of the list. */
export function between(before, after, { client, n }) {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(client) || /^[0-]+$/.test(client) || !Number.isSafeInteger(n) || n < 0) refuse('turn');
  const [low, high] = [['before', before], ['after', after]].map(([name, text]) => (text === '' ? [] : pathOf(text) || refuse('position', name)));
  if (after !== '' && before >= after) refuse('gap');
  const own = { at: 0, hash: hashOf(client), count: n };
  const position = continued(low, own, after) || textOf(pathBetween(low, high, own));
  return position.length > LONGEST ? refuse('long') : position;
}

// continued returns low with a greater count, if low was made by the same client and the result is below after. Only
// clients that have seen low make positions between the two, so a run stays together.
function continued(low, own, after) {
  const last = low[low.length - 1];
  if (!last || last.hash !== own.hash || last.count >= own.count) return '';
  const position = textOf([...low.slice(0, -1), { ...own, at: last.at }]);
  return after === '' || position < after ? position : '';
}

// pathBetween returns a path between low and high that ends with own.
function pathBetween(low, high, own) {
  let d = 0;
  while (d < low.length && d < high.length && low[d].at === high[d].at && low[d].hash === high[d].hash && low[d].count === high[d].count) d++;
  if (d < low.length && d < high.length) {
    const room = BigInt(high[d].at) - BigInt(low[d].at); // of up to 54 bits
    return room < 2n ? above(low, d + 1, own) : [...low.slice(0, d), { ...own, at: low[d].at + Number(room / 2n) }];
  }
  return d < high.length ? below(high, d, own) : above(low, d, own);
}

// above returns a path above low that has its first d elements.
function above(low, from, own) {
  let d = from;
  while (d < low.length && low[d].at > MOST - SPACING) d++;
  return [...low.slice(0, d), { ...own, at: d < low.length ? low[d].at + SPACING : 0 }];
}

// below returns a path below high that has its first d elements.
function below(high, from, own) {
  let d = from;
  while (high[d].at === LEAST) d++;
  if (high[d].at <= LEAST + SPACING) return [...high.slice(0, d), { ...own, at: LEAST }, own];
  return [...high.slice(0, d), { ...own, at: high[d].at - SPACING }];
}

/** lastTurn returns the greatest number up to 2^40 that a client used in any of the positions, or 0. */
export function lastTurn(client, positions) {
  const hash = hashOf(client);
  return positions.flatMap((text) => pathOf(text) || []).reduce((n, e) => (e.hash === hash && e.count <= MOST_TURNS ? Math.max(n, e.count) : n), 0);
}

/** byPosition returns a comparison of records of one table, as Replica.records returns them. */
export function byPosition(field) {
  return ([a, x], [b, y]) => comparePositions(valueOf(x, field), valueOf(y, field)) || compareText(a, b);
}

const valueOf = (data, field) => (data.has(field) && !data.get(field).deleted ? data.get(field).value : undefined);

// rank is the place of a kind of value in the order: texts come last, numbers before them, and all others first.
const rank = (value) => (typeof value === 'string' ? 2 : Number.isNaN(numberOf(value)) ? 0 : 1);
const numberOf = (value) => (typeof value === 'number' || value instanceof Integer ? Number(value) : NaN);

function comparePositions(v, w) {
  if (rank(v) !== rank(w)) return rank(v) - rank(w);
  return rank(v) === 2 ? compareText(v, w) : numberOf(v) - numberOf(w) || 0;
}

/** respace returns the moves that make the positions of a list short, valid and different, and keep its order. */
export function respace(list, turn) {
  const stays = standing(list);
  const moves = [];
  let before = '';
  let next = -1; // the first element from i on that keeps its position
  list.forEach(({ id, position }, i) => {
    if (stays[i]) {
      before = position;
      return;
    }
    if (next < i) for (next = i + 1; next < list.length && !stays[next];) next++;
    before = between(before, next < list.length ? list[next].position : '', { client: turn.client, n: turn.n + moves.length });
    moves.push({ id, position: before });
  });
  return moves;
}

// standing reports which elements keep their positions: those whose position is valid, above the ones before it and not
// too long. Next to an element that moves, the position must be short.
function standing(list) {
  let last = '';
  const stays = list.map(({ position }) => {
    const kept = pathOf(position) !== null && position.length <= TOO_LONG && position > last;
    if (kept) last = position;
    return kept;
  });
  const isShort = (i) => list[i].position.length <= SHORT;
  for (let i = 1; i < list.length; i++) stays[i] = stays[i] && (stays[i - 1] || isShort(i));
  for (let i = list.length - 2; i >= 0; i--) stays[i] = stays[i] && (stays[i + 1] || isShort(i));
  return stays;
}
