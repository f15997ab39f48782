// The sound of the recordings: in the page, beside it, or chosen by the reader; the play head follows it.

class Player {
  /** `changed` is called when the play head or the state changes; `head` is in ms. */
  constructor(audio, changed) {
    this.audio = audio;
    this.changed = changed;
    this.addresses = new Map();  // of recordings
    this.head = 0;
    this.loop = null;  // {start, end} in ms
    for (const event of ["play", "pause", "ended", "loadedmetadata", "error"]) audio.addEventListener(event, () => this.follow());
    audio.addEventListener("seeked", () => this.follow());
  }

  get ready() { return this.audio.hasAttribute("src"); }
  get playing() { return this.ready && !this.audio.paused; }
  get failed() { return this.ready && this.audio.error !== null; }

  /** Make the sound of a recording ready, if there is one. */
  open(item) {
    this.audio.pause();
    this.loop = null;
    this.head = 0;
    const address = this.addresses.get(item.name) || this.inPage(item);
    if (address) this.audio.src = address; else this.audio.removeAttribute("src");
    this.audio.load();
    this.changed();
  }

  inPage(item) {
    if (!item.sound || !item.sound.startsWith("#")) return item.sound;
    const script = document.getElementById(item.sound.slice(1));
    const bytes = Uint8Array.from(atob(script.textContent), letter => letter.charCodeAt(0));
    script.remove();
    return this.keep(item.name, new Blob([bytes], {type: script.dataset.kind}));
  }

  keep(name, blob) {
    if (this.addresses.has(name)) URL.revokeObjectURL(this.addresses.get(name));
    this.addresses.set(name, URL.createObjectURL(blob));
    return this.addresses.get(name);
  }

  seek(ms) {
    this.head = Math.max(ms, 0);
    if (this.ready) this.audio.currentTime = this.head / 1000;
    this.changed();
  }

  toggle() {
    if (!this.ready) return;
    if (this.audio.paused) this.audio.play().catch(() => this.changed()); else this.audio.pause();
  }

  follow() {
    if (this.ready && this.audio.readyState > 0 && !this.audio.seeking) {
      this.head = this.audio.currentTime * 1000;
      if (this.loop && this.playing && (this.head >= this.loop.end || this.head < this.loop.start - 1000)) {
        this.audio.currentTime = this.loop.start / 1000;
        this.head = this.loop.start;
      }
    }
    this.changed();
    if (this.playing && !this.waiting) {
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.follow(); });
    }
  }
}
