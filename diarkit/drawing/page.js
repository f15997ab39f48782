// What the reader does: choose a recording, move about in it, look at errors, listen.

const FIRST_ROWS = 50, MORE_ROWS = 500;  // of the table of errors
const $ = id => document.getElementById(id);

class Page {
  constructor(data) {
    this.data = data;
    this.kinds = data.kinds;
    this.stage = new Stage(data.kinds, data.reference);
    this.player = new Player($("sound"), () => this.played());
    $("title").textContent = document.title = data.title;
    $("protocol").textContent = data.protocol;
    const count = data.recordings.length;
    $("total").textContent = data.total ? `DER ${data.total.der} %${count > 1 ? ` over ${count} recordings` : ""}` : count > 1 ? `${count} recordings` : "";
    $("columns").classList.toggle("single", count < 2);
    for (const id of ["kinds", "steps", "errors"]) $(id).hidden = !data.reference;
    if (!data.reference) {
      $("order").value = "name";
      $("order").hidden = true;
      $("selected-text").textContent = "Click a turn.";
    }
    this.legend();
    this.listen();
    this.fillList();
    this.choose(this.listed[0]);
    $("list").dataset.ready = performance.now().toFixed(0);
  }

  // ---- recordings

  fillList() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean), order = $("order").value;
    const value = {
      der: item => item.score && item.score.der !== null ? -Number(item.score.der) : 1,
      seconds: item => item.score ? -item.score.kinds.reduce((a, b) => a + b, 0) : 1,
      name: () => 0,
    }[order];
    this.listed = this.data.recordings
      .filter(item => words.every(word => item.name.toLowerCase().includes(word)))
      .sort((a, b) => value(a) - value(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    $("recordings").replaceChildren(...this.listed.map(item => this.listEntry(item)));
    $("found").textContent = words.length ? `${this.listed.length} of ${this.data.recordings.length} recordings` : `${this.data.recordings.length} recordings`;
    this.markCurrent();
  }

  listEntry(item) {
    const button = element("button", {type: "button"}, element("span", {class: "label", dir: "auto"}, item.name));
    button.title = item.name;
    if (this.data.reference) {
      button.append(element("span", {class: "der"}, this.derOf(item)));
      const share = element("span", {class: "share", "aria-hidden": "true"});
      if (item.score && item.score.scored > 0) {
        item.score.kinds.forEach((length, kind) => {
          const part = element("span", {colour: `var(--error-${kind})`});
          part.style.width = `${100 * length / Math.max(item.score.scored, item.score.kinds.reduce((a, b) => a + b, 0))}%`;
          share.append(part);
        });
      }
      button.append(share);
    }
    button.addEventListener("click", () => this.choose(item));
    item.button = button;
    return element("li", {}, button);
  }

  derOf(item) { return !item.score ? "not scored" : item.score.der === null ? "no DER" : `${item.score.der} %`; }

  markCurrent() {
    for (const item of this.listed) {
      if (item === this.item) item.button.setAttribute("aria-current", "true"); else item.button.removeAttribute("aria-current");
    }
  }

  choose(item) {
    if (!item) return;
    this.item = opened(item);
    $("name").replaceChildren(named(item.name));
    const speakers = item.hyp.length, known = (item.ref || []).length;
    $("summary").textContent = `${clock(item.end, 0)} long, ${speakers} speaker${speakers === 1 ? "" : "s"}`
      + (this.data.reference ? ` (${known} in the reference)` : "");
    this.stage.show(item);
    this.player.open(item);
    this.select(null);
    this.fillKinds();
    this.fillErrors(FIRST_ROWS);
    this.fillSpeakers();
    this.markCurrent();
    if (item.button && this.data.recordings.length > 1) item.button.scrollIntoView({block: "nearest"});
  }

  // ---- kinds of error

  fillKinds() {
    if (!this.data.reference) return;
    const score = this.item.score, box = $("kinds");
    box.replaceChildren(element("div", {class: "der"},
      element("span", {class: "value"}, this.derOf(this.item)),
      element("span", {class: "what"}, score ? `DER of ${score.scored.toFixed(1)} s` : "by this protocol")));
    this.kinds.forEach((kind, n) => {
      const length = score ? score.kinds[n] : 0, percent = score && score.scored > 0 ? ` \u00b7 ${(100 * length / score.scored).toFixed(1)} %` : "";
      const button = element("button", {type: "button", class: "kind", "aria-pressed": String(this.stage.shown.has(n)), title: `Show or hide: ${kind} (${n + 1})`},
        element("span", {class: "swatch", colour: `var(--error-${n})`}),
        element("span", {class: "value"}, `${length.toFixed(1)} s`), element("span", {class: "what"}, kind + percent));
      button.addEventListener("click", () => this.toggle(n));
      box.append(button);
    });
  }

  toggle(kind) {
    this.stage.toggle(kind);
    $("kinds").querySelectorAll("button")[kind].setAttribute("aria-pressed", String(this.stage.shown.has(kind)));
    if (this.stage.selected && this.stage.selected.kind === kind) this.select(null);
    this.fillErrors(FIRST_ROWS);
  }

  get errors() { return this.item.errors.filter(error => this.stage.shown.has(error.kind)); }

  // ---- tables

  fillErrors(limit) {
    if (!this.data.reference) return;
    const errors = this.errors;
    if ($("error-order").value === "length") errors.sort((a, b) => (b.end - b.start) - (a.end - a.start) || a.start - b.start);
    const shown = errors.slice(0, limit);
    this.inTable = new Map();
    $("error-table").tBodies[0].replaceChildren(...shown.map(error => this.errorRow(error)));
    const left = errors.length - shown.length;
    $("more").hidden = left === 0;
    $("more").textContent = `Show ${Math.min(left, MORE_ROWS)} more of ${left}`;
    $("more").onclick = () => this.fillErrors(limit + MORE_ROWS);
    this.markRow();
  }

  errorRow(error) {
    const button = element("button", {type: "button"}, element("span", {class: "swatch", colour: `var(--error-${error.kind})`}),
      this.kinds[error.kind] + (error.count > 1 ? ` \u00d7 ${error.count}` : ""));
    button.addEventListener("click", () => { this.jump(error); $("stage").scrollIntoView({block: "nearest"}); });
    const cell = (text, kind) => element("td", kind ? {class: kind} : {}, ...[].concat(text));
    const row = element("tr", {}, cell(button), cell(clock(error.start), "number"), cell(clock(error.end), "number"),
      cell(seconds(error.end - error.start), "number"), cell(names(error.ref, "and")), cell(names(error.hyp, "and")));
    this.inTable.set(error, row);
    return row;
  }

  fillSpeakers() {
    const sum = speaker => speaker.ends.reduce((all, end, i) => all + end - speaker.starts[i], 0);
    const heads = this.data.reference ? ["Hypothesis", "Time", "Turns", "Mapped to", "Time", "Turns"] : ["Speaker", "Time", "Turns"];
    const row = ({hypothesis, reference}) => {
      const side = speaker => speaker ? [named(speaker), clock(sum(speaker), 1), String(speaker.starts.length)] : ["\u2013", "", ""];
      return [...side(hypothesis), ...(this.data.reference ? side(reference) : [])];
    };
    const cells = (kind, texts) => element("tr", {}, ...texts.map((text, n) => element(kind, {...(n % 3 ? {class: "number"} : {}), ...(kind === "th" ? {scope: "col"} : {})}, text)));
    const table = $("speaker-table");
    table.tHead.replaceChildren(cells("th", heads));
    table.tBodies[0].replaceChildren(...this.item.rows.slice(0, 300).map(each => cells("td", row(each))));
    if (this.item.rows.length > 300) table.tBodies[0].append(element("tr", {}, element("td", {colspan: heads.length}, `and ${this.item.rows.length - 300} more`)));
  }

  markRow() {
    if (this.marked) this.marked.classList.remove("chosen");
    this.marked = this.inTable && this.inTable.get(this.stage.selected);
    if (this.marked) this.marked.classList.add("chosen");
  }

  // ---- selecting and jumping

  select(thing, say = true) {
    this.stage.selected = thing;
    if (this.player.loop) this.player.loop = thing && {start: thing.start, end: thing.end};
    this.markRow();
    $("selected").classList.toggle("none", !thing);
    if (thing) {
      const nodes = described(thing, this.kinds, this.data.reference).flatMap((line, n) => n ? [n === 1 ? ": " : "; ", ...line] : line);
      $("selected-text").replaceChildren(...nodes);
      if (say) $("said").textContent = $("selected-text").textContent;
    } else if (this.data.reference) $("selected-text").textContent = "Click a turn or an error, or press n for the next error.";
    this.stage.draw();
    this.showState();
  }

  /** Select, go there, and put the play head at its begin; the zoom changes only if it shows too much or too little. */
  jump(thing) {
    const length = thing.end - thing.start, stage = this.stage;
    const span = Math.min(Math.max(stage.span, 1.6 * length), Math.max(12 * length, 20000));
    if (span !== stage.span || thing.start < stage.from || thing.end > stage.to) {
      const middle = (thing.start + thing.end) / 2;
      stage.look(middle - span / 2, middle + span / 2);
    }
    const speaker = thing.speaker || thing.hyp[0] || thing.ref[0];
    if (speaker) stage.reveal(speaker.row);
    this.select(thing);
    this.player.seek(thing.start);
  }

  step(direction) {
    const errors = this.errors, chosen = this.stage.selected;
    if (!errors.length) return;
    const at = chosen ? errors.indexOf(chosen) : -1;
    let next = at + direction;
    if (at < 0) {
      const after = errors.findIndex(error => error.start > this.player.head || (!chosen && error.start >= this.player.head));
      next = direction > 0 ? (after < 0 ? 0 : after) : (after < 0 ? errors.length : after) - 1;
    }
    this.jump(errors[(next + errors.length) % errors.length]);
  }

  /** The previous or next turn of the chosen speaker. */
  turn(direction) {
    const stage = this.stage, row = this.item.rows[Math.max(stage.lane, 0)];
    if (!row) return;
    stage.lane = Math.max(stage.lane, 0);
    const speaker = row.hypothesis || row.reference, chosen = stage.selected;
    let index = chosen && chosen.speaker === speaker ? chosen.index + direction : firstAbove(speaker.starts, this.player.head) - (direction < 0 ? 1 : 0);
    index = Math.min(Math.max(index, 0), speaker.starts.length - 1);
    const turn = stage.turn(speaker, index);
    turn.errors = speaker.wrong.filter(error => stage.shown.has(error.kind) && error.start < turn.end && error.end > turn.start);
    this.jump(turn);
  }

  row(direction) {
    const rows = this.item.rows;
    if (!rows.length) return;
    this.stage.lane = Math.min(Math.max(this.stage.lane + direction, 0), rows.length - 1);
    this.stage.reveal(this.stage.lane);
    const row = rows[this.stage.lane];
    $("said").textContent = [row.hypothesis && row.hypothesis.name, row.reference && `reference ${row.reference.name}`].filter(Boolean).join(", ");
    this.stage.draw();
  }

  neighbour(direction) {
    const at = this.listed.indexOf(this.item) + direction;
    if (at >= 0 && at < this.listed.length) this.choose(this.listed[at]);
  }

  // ---- sound

  played() {
    const {player, stage} = this;
    stage.head = player.head;
    if (player.playing && this.item && (player.head < stage.from || player.head > stage.to)) stage.look(player.head - stage.span * 0.1, player.head + stage.span * 0.9);
    this.showState();
    stage.draw();
  }

  showState() {
    const {player} = this;
    $("play").textContent = player && player.playing ? "Pause" : "Play";
    $("play").setAttribute("aria-pressed", String(player.playing));
    $("play").disabled = !player.ready;
    $("play").title = !player.ready ? "No sound: choose a file" : player.failed ? "This browser cannot play the sound" : "Play or pause (space)";
    $("loop").disabled = !player.ready || !this.stage.selected;
    $("loop").setAttribute("aria-pressed", String(Boolean(player.loop)));
    $("clock").textContent = clock(player.head) + (player.failed ? " \u2013 sound cannot be played" : "");
  }

  loop() {
    const chosen = this.stage.selected, {player} = this;
    player.loop = player.loop || !chosen ? null : {start: chosen.start, end: chosen.end};
    if (player.loop) {
      player.seek(chosen.start);
      if (!player.playing) player.toggle();
    }
    this.showState();
  }

  /** Files of this computer: each belongs to the recording of its name, a single one to that which is shown. */
  chooseSound(files) {
    const known = new Map(this.data.recordings.map(item => [item.name, item]));
    for (const file of files) {
      const item = known.get(file.name.replace(/\.[^.]*$/, "")) || (files.length === 1 ? this.item : null);
      if (item) this.player.keep(item.name, file);
    }
    const {head} = this.player;
    this.player.open(this.item);
    this.player.seek(head);
  }

  // ---- the rest

  legend() {
    const parts = this.data.reference
      ? [["hypothesis", "hypothesis, the upper bar"], ["reference", "reference, the lower bar"], ["unscored", "hatched: not scored"]] : [];
    for (const [colour, text] of parts) $("legend").append(element("span", {class: "swatch", colour: `var(--${colour})`}), element("span", {}, text));
  }

  listen() {
    const on = (id, event, action) => $(id).addEventListener(event, action);
    on("search", "input", () => this.fillList());
    on("search", "keydown", event => { if (event.key === "Enter") this.choose(this.listed[0]); });
    on("order", "change", () => this.fillList());
    on("error-order", "change", () => this.fillErrors(FIRST_ROWS));
    on("play", "click", () => this.player.toggle());
    on("loop", "click", () => this.loop());
    on("file", "change", event => { if (event.target.files.length) this.chooseSound([...event.target.files]); });
    on("previous", "click", () => this.step(-1));
    on("next", "click", () => this.step(1));
    on("out", "click", () => this.stage.zoom(2));
    on("in", "click", () => this.stage.zoom(0.5));
    on("fit", "click", () => this.stage.look(0, this.stage.end));
    on("keys", "click", () => $("help").showModal());
    document.addEventListener("keydown", event => this.key(event));
    new Pointing(this);
    const redress = () => this.stage.dressed();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redress);
    matchMedia("print").addEventListener("change", redress);
    addEventListener("beforeprint", () => { document.documentElement.dataset.theme = "light"; this.stage.dressed(); this.stage.drawNow(); });
    addEventListener("afterprint", () => { delete document.documentElement.dataset.theme; this.stage.dressed(); });
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
    if (event.target.matches("input[type=search], select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === " " && event.target.matches("button, label, input")) return;
    const {stage} = this, far = stage.span * 0.15;
    const action = {
      n: () => this.step(1), p: () => this.step(-1), "+": () => stage.zoom(0.5), "=": () => stage.zoom(0.5), "-": () => stage.zoom(2),
      0: () => stage.look(0, stage.end), ArrowLeft: () => event.shiftKey ? this.turn(-1) : stage.move(-far),
      ArrowRight: () => event.shiftKey ? this.turn(1) : stage.move(far), ArrowUp: () => this.row(-1), ArrowDown: () => this.row(1),
      Home: () => { stage.move(-stage.end); this.player.seek(0); }, End: () => stage.move(stage.end),
      " ": () => this.player.toggle(), l: () => this.loop(), "[": () => this.neighbour(-1), "]": () => this.neighbour(1),
      "/": () => $("search").focus(), "?": () => $("help").showModal(), Escape: () => this.select(null),
    }[event.key] || (/^[1-9]$/.test(event.key) && this.data.reference && Number(event.key) <= this.kinds.length && (() => this.toggle(Number(event.key) - 1)));
    // Keys that scroll the page do so wherever the reader is not at the timeline.
    if (!action || (/^(Arrow|Home|End)/.test(event.key) && document.activeElement !== $("stage"))) return;
    event.preventDefault();
    action();
  }
}
