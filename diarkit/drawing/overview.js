// The whole recording in one strip, with a window that shows what of it the timeline shows.

class Overview {
  constructor(stage, canvas) {
    this.stage = stage;
    this.canvas = canvas;
    this.picture = null;
  }

  /** To be drawn anew: another recording, size, scheme, or choice of errors. */
  forget() { this.picture = null; }

  draw() {
    const {stage, canvas} = this, {colours, end} = stage, pen = canvas.getContext("2d"), width = canvas.clientWidth, height = 40;
    this.picture ||= this.painted(width, height);
    pen.drawImage(this.picture, 0, 0, width, height);
    const a = stage.from / end * width, b = stage.to / end * width;
    pen.fillStyle = colours.window;
    pen.fillRect(a, 0, Math.max(b - a, 3), height);
    pen.strokeStyle = colours.select;
    pen.lineWidth = 1.5;
    pen.strokeRect(a + 0.75, 0.75, Math.max(b - a, 3) - 1.5, height - 1.5);
    pen.fillStyle = colours.head;
    pen.fillRect(stage.head / end * width - 0.75, 0, 1.5, height);
  }

  /** The overview without its window: errors stacked in front of how many speak. */
  painted(width, height) {
    const {colours, errorColours, shown} = this.stage;
    const picture = document.createElement("canvas"), pixels = window.devicePixelRatio || 1, pen = picture.getContext("2d");
    picture.width = Math.max(Math.round(width * pixels), 1);
    picture.height = Math.round(height * pixels);
    pen.scale(pixels, pixels);
    pen.fillStyle = colours.panel;
    pen.fillRect(0, 0, width, height);
    const {speech, errors, columns, most} = this.measured(Math.max(Math.round(width), 1)), scale = (height - 6) / most;
    for (let x = 0; x < columns; x++) {
      let y = height - 3;
      pen.fillStyle = colours.reference;
      pen.globalAlpha = 0.45;
      pen.fillRect(x, y - speech[x] * scale, 1, speech[x] * scale);
      pen.globalAlpha = 1;
      for (const kind of shown) {
        const tall = errors[kind][x] * scale;
        if (!tall) continue;
        y -= tall;
        pen.fillStyle = errorColours[kind];
        pen.fillRect(x, y, 1, tall);
      }
    }
    return picture;
  }

  /** How many speak, and how many are wrong, on average in each column of the overview. */
  measured(columns) {
    const {item, kinds, end: whole} = this.stage, per = whole / columns;
    const sum = (into, start, end, count) => {
      const first = Math.min(Math.floor(start / per), columns - 1), last = Math.min(Math.floor(end / per), columns - 1);
      for (let x = first; x <= last; x++) into[x] += count * Math.max(Math.min(end, (x + 1) * per) - Math.max(start, x * per), 0) / per;
    };
    const speech = new Float64Array(columns), errors = kinds.map(() => new Float64Array(columns));
    const side = item.ref && item.ref.length ? "reference" : "hypothesis";
    for (const speaker of item.speakers) {
      if (speaker.side === side) speaker.starts.forEach((start, i) => sum(speech, start, speaker.ends[i], 1));
    }
    for (const error of item.errors) sum(errors[error.kind], error.start, error.end, error.count);
    let most = 1;
    for (let x = 0; x < columns; x++) most = Math.max(most, speech[x], errors.reduce((all, one) => all + one[x], 0));
    return {speech, errors, columns, most};
  }
}
