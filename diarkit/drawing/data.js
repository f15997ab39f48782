"use strict";
// The data of the page taken apart: recordings with lanes and errors, times in ms from the begin of the recording.

/** [start after the last start, length, ...] -> {starts, ends}, sorted and disjoint. */
function unpacked(flat) {
  const n = flat.length / 2, starts = new Float64Array(n), ends = new Float64Array(n);
  let at = 0;
  for (let i = 0; i < n; i++) {
    at += flat[2 * i];
    starts[i] = at;
    ends[i] = at + flat[2 * i + 1];
  }
  return {starts, ends};
}

/** Takes a recording of the data apart, once: `speakers`, `rows`, `errors`, `unscored`. */
function opened(item) {
  if (item.rows) return item;
  const ref = (item.ref || []).map(([name, turns]) => ({name, side: "reference", ...unpacked(turns), wrong: [], partner: null}));
  const hyp = item.hyp.map(([name, turns, partner]) => {
    const speaker = {name, side: "hypothesis", ...unpacked(turns), wrong: [], partner: partner < 0 ? null : ref[partner]};
    if (speaker.partner) speaker.partner.partner = speaker;
    return speaker;
  });
  item.speakers = [...hyp, ...ref];
  // A row of the drawing: a speaker of the hypothesis and beneath it the one of the reference that it is mapped to.
  item.rows = hyp.map(speaker => ({hypothesis: speaker, reference: speaker.partner}));
  for (const speaker of ref) if (!speaker.partner) item.rows.push({hypothesis: null, reference: speaker});
  item.rows.forEach((row, n) => { for (const side of ["hypothesis", "reference"]) if (row[side]) row[side].row = n; });
  item.errors = errorsOf(item.errors || [], item.who || [], ref, hyp);
  item.unscored = unpacked(item.unscored || []);
  return item;
}

/** The errors in order of time; each speaker gets those that it is `wrong` in. */
function errorsOf(flat, who, ref, hyp) {
  const people = who.map(([r, h]) => ({ref: r.map(n => ref[n]), hyp: h.map(n => hyp[n])}));
  const errors = [];
  let at = 0;
  for (let i = 0; i < flat.length; i += 5) {
    at += flat[i + 1];
    const error = {kind: flat[i], start: at, end: at + flat[i + 2], count: flat[i + 3], ...people[flat[i + 4]]};
    errors.push(error);
    for (const speaker of error.ref) speaker.wrong.push(error);
    for (const speaker of error.hyp) speaker.wrong.push(error);
  }
  return errors;
}

/** The first index of a sorted array with a value above `limit`. */
function firstAbove(values, limit) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > limit) high = middle; else low = middle + 1;
  }
  return low;
}
