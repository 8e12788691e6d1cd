// What stands on the page: variants and what was done to them, none of it changed in place.

export const MOST_VARIANTS = 6;
const MOST_STEPS = 500;

const without = (list, id) => list.filter((one) => one.id !== id);

// What counts of a variant: two with the same have the same figures.
export const contentOf = ({ placed, moved, closed, roads }) => JSON.stringify({
  placed: placed.map((one) => Object.fromEntries(Object.entries(one).sort())),
  moved: [...moved].sort((a, b) => (a.id < b.id ? -1 : 1)),
  closed: [...closed].sort(),
  roads: roads.map((one) => Object.entries(one).sort()),
});
export const countChanges = ({ placed, moved, closed, roads }) => placed.length + moved.length + closed.length + roads.length;
export const isEmpty = (variant) => countChanges(variant) === 0;

// As the server is told of it.
export const toWire = ({ name, placed, moved, closed, roads }) => ({ name, placed, moved, closed, roads });

export const place = (variant, one) => ({ ...variant, placed: [...variant.placed, one] });
export const edit = (variant, id, fields) => ({
  ...variant,
  placed: variant.placed.map((one) => {
    if (one.id !== id) return one;
    const kept = { ...one, ...fields };
    // What is left open is left out.
    return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== null && value !== ""));
  }),
});
export const remove = (variant, id) => ({ ...variant, placed: without(variant.placed, id) });
export const moveTo = (variant, id, lon, lat) => (variant.placed.some((one) => one.id === id)
  ? edit(variant, id, { lon, lat })
  : { ...variant, closed: variant.closed.filter((one) => one !== id), moved: [...without(variant.moved, id), { id, lon, lat }] });
export const putBack = (variant, id) => ({ ...variant, moved: without(variant.moved, id) });
export const close = (variant, id) => ({ ...variant, moved: without(variant.moved, id), closed: [...variant.closed, id] });
export const reopen = (variant, id) => ({ ...variant, closed: variant.closed.filter((one) => one !== id) });

export const addRoad = (variant, one) => ({ ...variant, roads: [...variant.roads, one] });
export const editRoad = (variant, id, fields) => ({
  ...variant, roads: variant.roads.map((one) => (one.id === id ? { ...one, ...fields } : one)) });
export const removeRoad = (variant, id) => ({ ...variant, roads: without(variant.roads, id) });

// An id that no academy and no place of the variant has, or none of its roads.
export const freeId = (variant, taken, letter = "N", list = variant.placed) => {
  const used = new Set([...taken, ...list.map(({ id }) => id)]);
  let number = 1;
  while (used.has(`${letter}${number}`)) number += 1;
  return `${letter}${number}`;
};

export const makeBook = (variants, hear) => {
  let now = { variants, at: variants[0].key };
  let before = [];
  let after = [];
  let keys = variants.length;

  const step = (next) => {
    before = [...before, now].slice(-MOST_STEPS);
    after = [];
    now = next;
    hear();
  };
  const current = () => now.variants.find(({ key }) => key === now.at) ?? now.variants[0];

  return {
    current,
    variants: () => now.variants,
    at: () => current().key,
    newKey: () => { keys += 1; return `v${keys}`; },
    // Looking at another is no step: undo changes variants, not what one looks at.
    choose: (key) => { now = { ...now, at: key }; hear(); },
    change: (how) => {
      const changed = how(current());
      step({ ...now, variants: now.variants.map((one) => (one.key === changed.key ? changed : one)) });
    },
    add: (variant) => step({ variants: [...now.variants, variant], at: variant.key }),
    drop: (key, instead) => {
      const left = now.variants.filter((one) => one.key !== key);
      const kept = left.length ? left : [instead];
      step({ variants: kept, at: kept.some((one) => one.key === now.at) ? now.at : kept[0].key });
    },
    replace: (key, variant) => step({ ...now, variants: now.variants.map((one) => (one.key === key ? { ...variant, key } : one)) }),
    // What was done so far cannot be undone: the page begins here, looking at the first.
    begin: () => {
      [before, after] = [[], []];
      now = { ...now, at: now.variants[0].key };
    },
    canUndo: () => before.length > 0,
    canRedo: () => after.length > 0,
    undo: () => {
      if (!before.length) return false;
      after = [now, ...after];
      now = before.at(-1);
      before = before.slice(0, -1);
      hear();
      return true;
    },
    redo: () => {
      if (!after.length) return false;
      before = [...before, now];
      [now, ...after] = after;
      hear();
      return true;
    },
  };
};
