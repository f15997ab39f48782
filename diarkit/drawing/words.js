// Times, names, turns and errors in words: nodes of the page, in which what comes from files is only ever text.

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

/** A name from somebody's file, which may be written from right to left. To lay out 100,000 letters takes minutes. */
function named(speaker) {
  const name = typeof speaker === "string" ? speaker : speaker.name;
  return element("bdi", {}, name.length > 3000 ? `${name.slice(0, 2999)}\u2026` : name);
}

/** Names in a sentence: [a, b, c] -> a, b or c, as nodes. */
function names(speakers, word) {
  const nodes = [];
  speakers.forEach((speaker, n) => {
    if (n) nodes.push(n === speakers.length - 1 ? ` ${word} ` : ", ");
    nodes.push(named(speaker));
  });
  return nodes;
}

function swatch(error) { return element("span", {class: "swatch", colour: `var(--error-${error.kind})`}); }

/** Lines of nodes about a turn or an error. */
function described(thing, kinds, withReference) {
  const span = ` ${clock(thing.start)} to ${clock(thing.end)}, ${seconds(thing.end - thing.start)}`;
  if (thing.kind !== undefined) return [[swatch(thing), `${kinds[thing.kind]}${span}`], blame(thing), ...mappings(thing)];
  const {speaker} = thing;
  const lines = [[named(speaker), `${withReference ? ` (${speaker.side})` : ""}${span}`]];
  if (withReference) lines.push(speaker.partner ? ["mapped to ", named(speaker.partner)] : ["mapped to none"]);
  for (const error of thing.errors) {
    lines.push([swatch(error), `${kinds[error.kind]} ${clock(error.start)} to ${clock(error.end)}: `, ...blame(error)]);
  }
  return lines;
}

/** Who is wrong; where more speakers are concerned than the error counts, nobody can tell which of them. */
function blame(error) {
  const some = people => people.length > error.count ? `${error.count} of ` : "", several = error.count > 1;
  if (error.kind === 0) return [some(error.ref), ...names(error.ref, "and"), several ? " are missed" : " is missed"];
  if (error.kind === 1) {
    return [some(error.hyp), ...names(error.hyp, "and"), several ? " are given, but that many do not talk" : " is given, but does not talk"];
  }
  return [some(error.ref), ...names(error.ref, "and"), several ? " are taken for " : " is taken for ", ...names(error.hyp, "and")];
}

function mappings(error) {
  return [...error.ref, ...error.hyp].slice(0, 6).map(speaker =>
    [named(speaker), " is mapped to ", speaker.partner ? named(speaker.partner) : "none"]);
}
