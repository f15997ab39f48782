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

/** 75250 -> "1:15.25"; with fewer digits "1:15". */
function clock(ms, digits = 2) {
  const unit = 10 ** (3 - digits), whole = Math.round(Math.max(ms, 0) / unit) * unit;
  const hours = Math.floor(whole / 3600000), minutes = Math.floor(whole / 60000) % 60;
  const seconds = ((whole % 60000) / 1000).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

function seconds(ms) { return `${(ms / 1000).toFixed(2)} s`; }

/** An element with attributes and children; text is only ever text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "colour") made.style.background = value; else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A name from somebody's file, which may be written from right to left. */
function named(speaker) { return element("bdi", {}, typeof speaker === "string" ? speaker : speaker.name); }

/** Names in a sentence: [a, b, c] -> a, b or c, as nodes. */
function names(speakers, word) {
  const nodes = [];
  speakers.forEach((speaker, n) => {
    if (n) nodes.push(n === speakers.length - 1 ? ` ${word} ` : ", ");
    nodes.push(named(speaker));
  });
  return nodes;
}
