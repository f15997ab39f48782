// Mouse, pen and fingers on the timeline and the overview.

class Pointing {
  constructor(page) {
    this.page = page;
    this.stage = page.stage;
    this.down = new Map();  // pointers that are down: id -> last event
    const {box} = this.stage, overview = this.stage.overview.canvas;
    box.addEventListener("pointerdown", event => this.press(event));
    box.addEventListener("pointermove", event => this.moved(event));
    for (const kind of ["pointerup", "pointercancel"]) box.addEventListener(kind, event => this.release(event));
    box.addEventListener("pointerleave", () => this.hideTip());
    box.addEventListener("wheel", event => this.wheel(event), {passive: false});
    box.addEventListener("dblclick", event => this.stage.zoom(0.4, this.timeAt(event)));
    overview.addEventListener("pointerdown", event => { overview.setPointerCapture(event.pointerId); this.lookAt(event); });
    overview.addEventListener("pointermove", event => { if (event.buttons) this.lookAt(event); });
    overview.addEventListener("wheel", event => this.wheel(event), {passive: false});
  }

  timeAt(event) { return this.stage.time(event.clientX - this.stage.box.getBoundingClientRect().left - 1); }

  lookAt(event) {
    const box = this.stage.overview.canvas.getBoundingClientRect(), {span, end} = this.stage;
    const middle = (event.clientX - box.left) / box.width * end;
    this.stage.look(middle - span / 2, middle + span / 2);
  }

  wheel(event) {
    const {stage} = this, step = event.deltaMode === 1 ? 20 : event.deltaMode === 2 ? 400 : 1;
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
    const all = stage.span >= stage.end;
    if (!sideways && event.deltaY > 0 && all && !event.ctrlKey) return;  // nothing to zoom out: the page scrolls
    event.preventDefault();
    if (sideways) stage.move(sideways * step * stage.span / (stage.width - stage.gutter));
    else {
      const onMap = event.currentTarget === stage.overview.canvas;
      const factor = Math.exp(Math.min(Math.max(event.deltaY * step, -300), 300) * (event.ctrlKey ? 0.01 : 0.0022));
      stage.zoom(factor, onMap ? undefined : Math.min(Math.max(this.timeAt(event), stage.from), stage.to));
    }
    this.tip(event);
  }

  press(event) {
    if (event.button) return;
    const scrolled = event.target === this.stage.scroll;  // the scroll bar
    if (scrolled) return;
    this.down.set(event.pointerId, event);
    this.dragged = this.down.size > 1;
    this.stage.box.setPointerCapture(event.pointerId);
    this.began = event;
  }

  moved(event) {
    const before = this.down.get(event.pointerId), {stage} = this;
    if (!before) return this.tip(event);
    if (this.down.size === 2) this.pinch(before, event);
    else if (this.dragged || Math.abs(event.clientX - this.began.clientX) + Math.abs(event.clientY - this.began.clientY) > 4) {
      this.dragged = true;
      stage.box.classList.add("dragging");
      this.hideTip();
      stage.move((before.clientX - event.clientX) * stage.span / (stage.width - stage.gutter));
      stage.scroll.scrollTop += before.clientY - event.clientY;
    }
    this.down.set(event.pointerId, event);
  }

  pinch(before, event) {
    const other = [...this.down.values()].find(each => each.pointerId !== event.pointerId), {stage} = this;
    const distance = each => Math.max(Math.hypot(each.clientX - other.clientX, each.clientY - other.clientY), 10);
    const middle = (event.clientX + other.clientX) / 2 - stage.box.getBoundingClientRect().left - 1;
    stage.zoom(distance(before) / distance(event), stage.time(middle));
    stage.move((before.clientX - event.clientX) / 2 * stage.span / (stage.width - stage.gutter));
  }

  release(event) {
    if (!this.down.delete(event.pointerId)) return;
    this.stage.box.classList.remove("dragging");
    if (event.type === "pointerup" && !this.dragged) this.click(event);
    if (!this.down.size) this.dragged = false;
  }

  click(event) {
    const {stage, page} = this, thing = stage.at(event.clientX, event.clientY);
    if (thing) {
      page.select(thing);
      if (thing.speaker) stage.lane = thing.speaker.row;
      page.player.seek(thing.start);
    } else {
      page.select(null);
      const time = this.timeAt(event);
      if (time >= stage.from) page.player.seek(Math.min(time, stage.end));
    }
  }

  tip(event) {
    const {stage} = this, box = document.getElementById("tip"), thing = stage.at(event.clientX, event.clientY);
    stage.box.classList.toggle("over", Boolean(thing));
    if (!thing) return this.hideTip();
    box.replaceChildren(...described(thing, this.page.kinds, this.page.data.reference).map(line => element("p", {}, ...line)));
    box.hidden = false;
    const around = stage.box.getBoundingClientRect(), x = event.clientX - around.left, y = event.clientY - around.top;
    const left = Math.min(Math.max(x + 14, 4), around.width - box.offsetWidth - 8);
    const top = y + 18 + box.offsetHeight < around.height - 4 ? y + 18 : Math.max(y - box.offsetHeight - 12, 4);
    box.style.transform = `translate(${Math.max(left, 4)}px, ${top}px)`;
  }

  hideTip() { document.getElementById("tip").hidden = true; }
}

window.page = new Page(JSON.parse(document.getElementById("data").textContent));
