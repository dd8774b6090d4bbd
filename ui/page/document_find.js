// Words found in the document that is shown, marked beside its quotes.
class DocumentFind {
  constructor(tools, {view, call, goTo, seen}) {
    Object.assign(this, {view, call, goTo, seen});
    this.row = tools.querySelector('.iq-find');
    this.field = this.row.querySelector('input');
    this.told = this.row.querySelector('.iq-found-count');
    this.spans = [];
    this.at = -1;
    this.asked = 0;
    this.field.addEventListener('input', () => this.search());
    this.field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.step(event.shiftKey ? -1 : 1);
      if (event.key === 'Escape') this.close();
      if (['Enter', 'Escape'].includes(event.key)) event.preventDefault();
    });
    this.row.addEventListener('click', (event) => {
      const what = event.target.closest('button')?.dataset.find;
      if (what === 'close') this.close();
      else if (what) this.step(Number(what));
    });
    for (const change of ['laid', 'marked']) view.addEventListener(change, () => this.paint());
  }

  get isOpen() {
    return !this.row.hidden;
  }

  open() {
    this.row.hidden = false;
    this.field.focus();
    this.field.select();
    this.call('find_in_document', {text: ''});  // gets the text ready
    if (this.field.value) this.search();
  }

  close() {
    this.row.hidden = true;
    this.forget();
    this.onClose?.();
  }

  forget() {
    this.asked += 1;
    this.spans = [];
    this.at = -1;
    this.say('');
    this.paint();
  }

  async search() {
    const text = this.field.value.slice(0, 200);
    const asked = ++this.asked;
    if (!text.trim()) return this.forget();
    const reply = await this.call('find_in_document', {text});
    if (asked !== this.asked) return;
    if (reply.error) return this.say(reply.error);
    const from = this.spans[this.at]?.[0] ?? this.seen();
    Object.assign(this, {spans: reply.spans, more: reply.more});
    this.at = Math.max(this.spans.findIndex(([start]) => start >= from), 0);
    this.show();
  }

  step(by) {
    if (!this.spans.length) return;
    this.at = (this.at + by + this.spans.length) % this.spans.length;
    this.show();
  }

  async show() {
    const all = this.spans.length;
    for (const button of this.row.querySelectorAll('[data-find="1"], [data-find="-1"]')) button.disabled = all < 2;
    if (!all) {
      this.say(say('document.not_found'));
      return this.paint();
    }
    this.say(say(this.more ? 'document.found_or_more' : 'document.found', {number: this.at + 1, all}));
    this.paint();  // so that it does not go to what was found before
    await this.goTo(...this.spans[this.at]);
    this.paint();
  }

  say(text) {
    this.told.textContent = text;
  }

  // Marks what is found in the part that is shown, without changing its elements.
  paint() {
    this.onPaint?.(this.spans, this.spans[this.at]);
    if (!CSS.highlights) return;
    CSS.highlights.delete('iq-found');
    CSS.highlights.delete('iq-found-here');
    const [first, last] = [this.view.blocks[0]?.start, this.view.blocks.at(-1)?.end];
    const inside = this.spans.filter(([start, end]) => start < last && first < end);
    if (!inside.length) return;
    CSS.highlights.set('iq-found', new Highlight(...this.view.ranges(inside)));
    if (this.at < 0) return;
    const here = new Highlight(...this.view.ranges([this.spans[this.at]]));
    here.priority = 1;
    CSS.highlights.set('iq-found-here', here);
  }
}
