// The drawing: time axis and error lanes above, one row a speaker below; only what is visible is drawn.

const AXIS = 26, ERROR_LANE = 20, ROW = 36, ROW_SINGLE = 24, LEAST_SPAN = 200;  // px, px, px, px, ms
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000,
  900000, 1800000, 3600000, 7200000, 14400000];  // ms between marks of the axis

class Stage {
  constructor(kinds, withReference) {
    this.kinds = kinds;
    this.withReference = withReference;
    this.rowHeight = withReference ? ROW : ROW_SINGLE;
    this.box = document.getElementById("stage");
    this.scroll = document.getElementById("scroll");
    this.tall = document.getElementById("tall");
    this.top = document.getElementById("top");
    this.lanes = document.getElementById("lanes");
    this.overview = new Overview(this, document.getElementById("overview"));
    this.shown = new Set(kinds.keys());
    this.from = 0;
    this.to = 1;
    this.head = 0;
    this.selected = null;
    this.lane = -1;
    this.width = this.gutter = 0;
    this.dressed();
    new ResizeObserver(() => this.resized()).observe(this.box);
    this.scroll.addEventListener("scroll", () => this.draw());
  }

  /** Take the colours from the style sheet: they change with the scheme, and for printing. */
  dressed() {
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(`--${name}`).trim();
    this.colours = {};
    for (const name of ["paper", "panel", "line", "text", "quiet", "lane", "hypothesis", "reference", "unscored", "head",
      "window", "select"]) this.colours[name] = colour(name);
    this.errorColours = this.kinds.map((_, n) => colour(`error-${n}`));
    this.speakerColours = [...Array(8).keys()].map(n => colour(`speaker-${n}`));
    this.font = style.fontFamily || "sans-serif";
    this.hatch = null;
    this.overview.forget();
    this.draw();
  }

  /** Show or hide a kind of error. */
  toggle(kind) {
    if (!this.shown.delete(kind)) this.shown.add(kind);
    this.overview.forget();
    this.draw();
  }

  show(item) {
    this.item = item;
    this.from = 0;
    this.to = Math.max(item.end, LEAST_SPAN);
    this.selected = null;
    this.lane = -1;
    this.overview.forget();
    this.scroll.scrollTop = 0;
    this.resized();
  }

  get span() { return this.to - this.from; }
  get end() { return Math.max(this.item.end, LEAST_SPAN); }
  get topHeight() { return AXIS + (this.withReference ? this.kinds.length * ERROR_LANE + 6 : 0); }
  x(ms) { return this.gutter + (ms - this.from) / this.span * (this.width - this.gutter); }
  time(x) { return this.from + (x - this.gutter) / (this.width - this.gutter) * this.span; }

  /** Show from..to, as far as the recording goes. */
  look(from, to) {
    const span = Math.min(Math.max(to - from, LEAST_SPAN), this.end);
    this.from = Math.min(Math.max(from + (to - from - span) / 2, 0), this.end - span);
    this.to = this.from + span;
    this.draw();
  }

  /** Zoom by a factor (2: twice as much time) around a moment. */
  zoom(factor, around = (this.from + this.to) / 2) {
    const span = Math.min(Math.max(this.span * factor, LEAST_SPAN), this.end);
    const from = around - (around - this.from) * span / this.span;
    this.look(from, from + span);
  }

  move(ms) {
    const from = Math.min(Math.max(this.from + ms, 0), this.end - this.span);
    this.look(from, from + this.span);
  }

  resized() {
    this.width = this.box.clientWidth;
    if (!this.item || !this.width) return;
    this.gutter = Math.round(Math.min(170, this.width * 0.26));
    this.cover = new Float32Array(this.width + 2);
    const tall = this.item.rows.length * this.rowHeight + 8;
    const room = Math.max(Math.min(window.innerHeight * 0.62, 900) - this.topHeight, 3 * this.rowHeight);
    this.tall.style.height = `${tall}px`;
    this.lanesHeight = Math.min(tall, Math.round(room));
    this.scroll.style.height = `${this.lanesHeight}px`;
    const pixels = window.devicePixelRatio || 1;
    const fit = (canvas, width, height) => {
      canvas.width = Math.round(width * pixels);
      canvas.height = Math.round(height * pixels);
      canvas.style.height = `${height}px`;
      canvas.getContext("2d").setTransform(pixels, 0, 0, pixels, 0, 0);
    };
    fit(this.top, this.width, this.topHeight);
    fit(this.lanes, this.width, this.lanesHeight);
    fit(this.overview.canvas, this.overview.canvas.clientWidth, 40);
    this.overview.forget();
    this.hatch = null;
    this.drawNow();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.drawNow(); });
  }

  drawNow() {
    if (!this.item || !this.width) return;
    this.drawTop(this.top.getContext("2d"));
    this.drawLanes(this.lanes.getContext("2d"));
    this.overview.draw();
    Object.assign(this.box.dataset, {from: Math.round(this.from), to: Math.round(this.to), gutter: this.gutter});
  }

  drawTop(pen) {
    this.background(pen, this.topHeight);
    this.drawAxis(pen);
    if (this.withReference) {
      this.kinds.forEach((kind, n) => {
        const y = AXIS + n * ERROR_LANE;
        pen.fillStyle = this.colours.lane;
        pen.fillRect(this.gutter, y + 2, this.width - this.gutter, ERROR_LANE - 4);
        this.write(pen, kind, this.gutter - 10, y + ERROR_LANE / 2, this.shown.has(n) ? this.colours.text : this.colours.quiet, 12);
      });
      this.shade(pen, AXIS, this.kinds.length * ERROR_LANE);
      for (const n of this.shown) this.bars(pen, this.ofKind(n), AXIS + n * ERROR_LANE + 3, ERROR_LANE - 6, this.errorColours[n]);
    }
    this.mark(pen, error => AXIS + error.kind * ERROR_LANE + 2, ERROR_LANE - 4, "kind");
    this.drawHead(pen, this.topHeight, true);
  }

  drawLanes(pen) {
    const top = this.scroll.scrollTop, rows = this.item.rows;
    this.background(pen, this.lanesHeight);
    const first = Math.max(Math.floor((top - 4) / this.rowHeight), 0);
    const last = Math.min(Math.ceil((top + this.lanesHeight) / this.rowHeight), rows.length);
    for (let n = first; n < last; n++) {
      pen.fillStyle = this.colours.lane;
      pen.fillRect(this.gutter, this.rowTop(n) + 2, this.width - this.gutter, this.rowHeight - 4);
    }
    this.grid(pen, this.lanesHeight);
    if (this.withReference) this.shade(pen, 0, this.lanesHeight);
    for (let n = first; n < last; n++) for (const side of ["hypothesis", "reference"]) this.drawSpeaker(pen, rows[n], n, side);
    if (this.lane >= first && this.lane < last) {
      pen.strokeStyle = this.colours.select;
      pen.lineWidth = 1.5;
      pen.strokeRect(1, this.rowTop(this.lane) + 1, this.width - 2, this.rowHeight - 2);
    }
    this.mark(pen, null, 0, "lane");
    this.drawHead(pen, this.lanesHeight, false);
  }

  rowTop(n) { return 4 + n * this.rowHeight - this.scroll.scrollTop; }

  /** Top and height of the bar of a speaker within its row. */
  place(side) {
    if (!this.withReference) return [4, this.rowHeight - 8];
    return side === "hypothesis" ? [5, 14] : [21, 10];
  }

  drawSpeaker(pen, row, n, side) {
    const speaker = row[side];
    if (!speaker) return;
    const [offset, height] = this.place(side), y = this.rowTop(n) + offset;
    const plain = this.withReference ? this.colours[side] : this.speakerColours[n % this.speakerColours.length];
    this.bars(pen, speaker, y, height, plain);
    for (const kind of this.shown) this.bars(pen, this.ofKind(kind, speaker), y, height, this.errorColours[kind]);
    const main = side === "hypothesis";
    this.write(pen, speaker.name, this.gutter - 10, y + height / 2, main ? this.colours.text : this.colours.quiet, main ? 12.5 : 11);
  }

  /** {starts, ends, reach, items} of the errors of one kind, of all or of one speaker; made once. */
  ofKind(kind, owner = this.item) {
    owner.byKind ||= [];
    if (!owner.byKind[kind]) {
      const items = (owner.errors || owner.wrong).filter(error => error.kind === kind);
      const ends = Float64Array.from(items, e => e.end);
      let far = 0;  // errors of two channels may overlap
      owner.byKind[kind] = {items, starts: Float64Array.from(items, e => e.start), ends, reach: ends.map(end => far = Math.max(far, end))};
    }
    return owner.byKind[kind];
  }

  background(pen, height) {
    pen.fillStyle = this.colours.paper;
    pen.fillRect(0, 0, this.width, height);
  }

  /**
   * The visible ones of disjoint stretches, each column of pixels as strong as it is covered, but never so weak that it
   * is overlooked: of an hour on a screen most errors are thinner than a pixel, and must not look like a solid bar.
   */
  bars(pen, {starts, ends, reach = ends}, y, height, colour) {
    const columns = this.width - this.gutter, per = columns / this.span, cover = this.cover;
    let first = columns, last = -1;
    for (let i = firstAbove(reach, this.from); i < starts.length && starts[i] < this.to; i++) {
      const a = Math.max((starts[i] - this.from) * per, 0), b = Math.min((ends[i] - this.from) * per, columns);
      if (b <= a) continue;
      const from = Math.floor(a), to = Math.min(Math.floor(b), columns - 1);
      if (from === to) cover[from] += b - a;
      else {
        cover[from] += from + 1 - a;
        cover.fill(1, from + 1, to);
        cover[to] += b - to;
      }
      first = Math.min(first, from);
      last = Math.max(last, to);
    }
    pen.fillStyle = colour;
    let begin = first, level = -1;
    for (let column = first; column <= last + 1; column++) {
      const now = column <= last && cover[column] > 0 ? Math.max(Math.round(8 * Math.min(cover[column], 1) ** 0.7), 2) : 0;
      if (now !== level) {
        if (level > 0) {
          pen.globalAlpha = level / 8;
          pen.fillRect(this.gutter + begin, y, column - begin, height);
        }
        begin = column;
        level = now;
      }
    }
    pen.globalAlpha = 1;
    if (last >= 0) cover.fill(0, first, last + 1);
  }

  /** What is not scored, hatched; stretches that are too thin to be seen are left out. */
  shade(pen, y, height) {
    const {starts, ends} = this.item.unscored, thin = this.span / (this.width - this.gutter) * 0.7;
    this.hatch ||= this.pattern(pen);
    pen.fillStyle = this.hatch;
    for (let i = firstAbove(ends, this.from); i < starts.length && starts[i] < this.to; i++) {
      if (ends[i] - starts[i] < thin) continue;
      const a = Math.max(this.x(starts[i]), this.gutter), b = Math.min(this.x(ends[i]), this.width);
      pen.fillRect(a, y, b - a, height);
    }
  }

  pattern(pen) {
    const tile = document.createElement("canvas"), pixels = window.devicePixelRatio || 1, size = Math.round(6 * pixels);
    tile.width = tile.height = size;
    const brush = tile.getContext("2d");
    brush.strokeStyle = brush.fillStyle = this.colours.unscored;
    brush.globalAlpha = 0.55;
    brush.fillRect(0, 0, size, size);
    brush.globalAlpha = 1;
    brush.lineWidth = pixels;
    for (const shift of [-size, 0, size]) {
      brush.beginPath();
      brush.moveTo(shift, size);
      brush.lineTo(shift + size, 0);
      brush.stroke();
    }
    const pattern = pen.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / pixels));
    return pattern;
  }

  ticks() {
    const room = (this.width - this.gutter) / 84;
    const step = STEPS.find(step => this.span / step <= room) || STEPS[STEPS.length - 1] * Math.ceil(this.span / STEPS[STEPS.length - 1] / room);
    const found = [];
    for (let ms = Math.ceil(this.from / step) * step; ms <= this.to; ms += step) found.push(ms);
    return {found, digits: step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3};
  }

  grid(pen, height) {
    pen.fillStyle = this.colours.line;
    for (const ms of this.ticks().found) pen.fillRect(Math.round(this.x(ms)), 0, 1, height);
  }

  drawAxis(pen) {
    const {found, digits} = this.ticks();
    pen.font = `11px ${this.font}`;
    pen.textBaseline = "middle";
    for (const ms of found) {
      const x = Math.round(this.x(ms)), text = clock(ms, digits), half = pen.measureText(text).width / 2;
      pen.fillStyle = this.colours.line;
      pen.fillRect(x, AXIS - 5, 1, this.topHeight);
      pen.fillStyle = this.colours.quiet;
      pen.textAlign = "left";
      pen.fillText(text, Math.min(Math.max(x - half, this.gutter), this.width - 2 * half - 3), 11);
    }
  }

  /** A name that ends at x, cut short if it is too long for the gutter. */
  write(pen, text, x, y, colour, size) {
    pen.font = `${size}px ${this.font}`;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    pen.fillStyle = colour;
    this.cut ||= new Map();
    const key = `${size}|${x}|${text}`;
    if (!this.cut.has(key)) {
      let letters = [...text.slice(0, 200)], shown = letters.length === text.length ? text : `${letters.join("")}\u2026`;
      while (letters.length > 1 && pen.measureText(shown).width > x - 10) {
        letters = letters.slice(0, -Math.max(1, Math.floor(letters.length / 12)));
        shown = `${letters.join("")}\u2026`;
      }
      this.cut.set(key, shown);
    }
    pen.fillText(this.cut.get(key), x, y);
  }

  /** A frame around what is selected. */
  mark(pen, topOf, height, where) {
    const chosen = this.selected;
    if (!chosen) return;
    const a = Math.max(this.x(chosen.start), this.gutter), b = Math.max(Math.min(this.x(chosen.end), this.width), a + 2);
    if (this.x(chosen.end) < this.gutter || a > this.width) return;
    pen.strokeStyle = this.colours.text;
    pen.lineWidth = 2;
    const frame = (y, height) => pen.strokeRect(a, y, b - a, height);
    if (where === "kind") {
      if (chosen.kind !== undefined) frame(topOf(chosen), height);
      return;
    }
    for (const speaker of chosen.kind === undefined ? [chosen.speaker] : [...chosen.ref, ...chosen.hyp]) {
      const [offset, tall] = this.place(speaker.side);
      frame(this.rowTop(speaker.row) + offset - 1, tall + 2);
    }
  }

  drawHead(pen, height, flag) {
    if (this.head < this.from || this.head > this.to) return;
    const x = this.x(this.head);
    pen.fillStyle = this.colours.head;
    pen.fillRect(x - 0.75, flag ? 18 : 0, 1.5, height);
    if (!flag) return;
    pen.beginPath();
    pen.moveTo(x - 5, 17);
    pen.lineTo(x + 5, 17);
    pen.lineTo(x, 25);
    pen.fill();
  }

  /** What is at a place of the window: an error, or a turn and the error in it; null if there is nothing. */
  at(clientX, clientY) {
    const box = this.box.getBoundingClientRect(), x = clientX - box.left - 1, y = clientY - box.top - 1;
    if (x < this.gutter || x > this.width) return null;
    const slack = 3 * this.span / (this.width - this.gutter), ms = this.time(x);
    if (y < this.topHeight) {
      const kind = Math.floor((y - AXIS) / ERROR_LANE);
      if (!this.withReference || y < AXIS || kind >= this.kinds.length || !this.shown.has(kind)) return null;
      return this.nearest(this.ofKind(kind), ms, slack, n => this.ofKind(kind).items[n]);
    }
    const inside = y - this.topHeight - 1 + this.scroll.scrollTop - 4;
    const n = Math.floor(inside / this.rowHeight), row = this.item.rows[n];
    if (!row) return null;
    const low = this.withReference && inside - n * this.rowHeight > 20;
    const speaker = this.withReference ? row[low ? "reference" : "hypothesis"] : row.hypothesis;
    if (!speaker) return null;
    const turn = this.nearest(speaker, ms, slack, i => this.turn(speaker, i));
    if (turn) turn.errors = speaker.wrong.filter(e => this.shown.has(e.kind) && e.start <= ms + slack && e.end >= ms - slack);
    return turn;
  }

  turn(speaker, index) {
    return {speaker, index, start: speaker.starts[index], end: speaker.ends[index], errors: []};
  }

  nearest({starts, ends, reach = ends}, ms, slack, made) {
    let best = -1, distance = slack;
    for (let i = firstAbove(reach, ms - slack); i < starts.length && starts[i] <= ms + slack; i++) {
      const away = Math.max(starts[i] - ms, ms - ends[i], 0);
      if (away < distance || best < 0) { best = i; distance = away; }
      if (away === 0) break;
    }
    return best < 0 ? null : made(best);
  }

  /** Scroll so that a row is seen. */
  reveal(row) {
    const y = 4 + row * this.rowHeight;
    if (y < this.scroll.scrollTop) this.scroll.scrollTop = y - 4;
    else if (y + this.rowHeight > this.scroll.scrollTop + this.lanesHeight) this.scroll.scrollTop = y + this.rowHeight - this.lanesHeight + 4;
  }
}
