// A document with its quotes marked. Places are in code points, as in Python; JavaScript counts UTF-16
// units.
class DocumentView {
  constructor(element, {load, onPick}) {
    this.sheet = element.querySelector('.iq-sheet');
    this.nav = element.querySelector('.iq-parts');
    this.load = load;
    this.blocks = [];
    this.marks = [];
    this.shown = null;
    this.wanted = 0;
    this.sheet.addEventListener('click', (event) => {
      const hit = event.target.closest('mark');
      if (hit && getSelection().isCollapsed) onPick?.(hit.dataset.key);
    });
    this.nav?.querySelector('.iq-earlier').addEventListener('click', () => this.turn(-1));
    this.nav?.querySelector('.iq-later').addEventListener('click', () => this.turn(1));
  }

  // Shows the part of a document that holds a place; returns whether it could.
  async show(document, own, at = 0, part = null) {
    if (this.holds(document, own, at) && part === null) return true;
    const wanted = ++this.wanted;
    const given = await this.load({document, own, at, part});
    if (wanted !== this.wanted) return false;
    if (given.error) {
      this.say(given.error);
      return false;
    }
    this.shown = {...given, own};
    this.lay();
    return true;
  }

  holds(document, own, at) {
    if (this.shown?.id !== document || this.shown.own !== own) return false;
    return this.blocks.length > 0 && this.blocks[0].start <= at && at < this.blocks.at(-1).end;
  }

  turn(step) {
    return this.show(this.shown.id, this.shown.own, 0, this.shown.part + step);
  }

  say(text) {
    this.shown = null;
    this.blocks = [];
    delete this.sheet.dataset.document;
    const line = Object.assign(document.createElement('p'), {className: 'iq-gone', textContent: text});
    this.sheet.replaceChildren(line);
    if (this.nav) this.nav.hidden = true;
  }

  lay() {
    const pages = [...this.shown.pages];
    const laid = document.createDocumentFragment();
    this.blocks = this.shown.blocks.map(([start, text, first]) => {
      while (pages.length && pages[0][0] <= start) laid.append(pageMark(pages.shift()[1]));
      const element = document.createElement('p');
      element.className = first ? 'iq-block exact' : 'iq-block iq-on exact';
      element.dir = 'auto';
      laid.append(element);
      return {start, text, element, end: start + points(text)};
    });
    this.sheet.replaceChildren(laid);
    this.sheet.scrollTop = 0;
    this.sheet.dataset.document = this.shown.id;
    this.blocks.forEach((block) => this.paint(block));
    this.space();
    if (this.nav) {
      const {part, parts} = this.shown;
      this.nav.hidden = parts < 2;
      this.nav.querySelector('.iq-part').textContent = `Part ${part + 1} of ${parts}`;
      this.nav.querySelector('.iq-earlier').disabled = part === 0;
      this.nav.querySelector('.iq-later').disabled = part === parts - 1;
    }
  }

  // Marks these quotes, `{key, document, own, start, end, answer, number, kind}`, and no others.
  mark(quotes) {
    const before = this.marks;
    this.marks = quotes;
    const touched = [...before, ...quotes];
    for (const block of this.blocks) {
      if (touched.some((one) => one.start < block.end && block.start < one.end)) this.paint(block);
    }
    this.space();
  }

  // Scrolls to a marked quote, and marks it as the current one.
  async reveal(quote, {focus = true} = {}) {
    if (!await this.show(quote.document, quote.own, quote.start)) return;
    const pieces = [...this.sheet.querySelectorAll('mark')];
    for (const piece of pieces) piece.classList.toggle('iq-current', piece.dataset.key === quote.key);
    const first = pieces.find((piece) => piece.dataset.key === quote.key);
    if (!first) return;
    first.scrollIntoView({block: 'center'});
    if (focus) first.focus({preventScroll: true});
  }

  paint(block) {
    const inside = this.marks.filter((one) => one.document === this.shown.id
      && one.own === this.shown.own && one.start < block.end && block.start < one.end);
    const gap = block.text.length - block.text.match(/\s*$/)[0].length;
    const edges = new Set([0, gap, block.text.length]);
    const unit = (place) => units(block.text, Math.min(Math.max(place, block.start), block.end) - block.start);
    const placed = inside.map((one) => {
      const [from, to, first, last] = [one.start, one.end, ...one.answer ?? [0, 0]].map(unit);
      edges.add(from).add(to).add(first).add(last);
      return {one, from, to, first, last};
    });
    const sorted = [...edges].sort((a, b) => a - b);
    const pieces = sorted.slice(0, -1).map((from, index) => {
      const text = block.text.slice(from, sorted[index + 1]);
      const found = placed.find((each) => each.from <= from && from < each.to);
      if (!found) return from >= gap ? gapOf(text) : text;
      const mark = markOf(found.one, text, found.one.start >= block.start && found.from === from);
      mark.classList.toggle('iq-answer', found.first <= from && from < found.last);
      return mark;
    });
    block.element.replaceChildren(...pieces);
  }

  // Numbers of quotes that start in one line stand side by side in the margin.
  space() {
    let top = null;
    let shift = 0;
    for (const first of this.sheet.querySelectorAll('mark[data-first]')) {
      const here = first.getClientRects()[0]?.top;
      shift = here !== undefined && Math.abs(here - top) < 6 ? shift + 1 : 0;
      top = here;
      first.style.setProperty('--iq-shift', shift);
    }
  }

  // Returns the span that is selected in the document; null if none is.
  selected() {
    const selection = getSelection();
    if (selection.isCollapsed || !selection.rangeCount) return null;
    const range = selection.getRangeAt(0);
    const start = this.placeOf(range.startContainer, range.startOffset);
    const end = this.placeOf(range.endContainer, range.endOffset);
    return start === null || end === null || start >= end ? null : {document: this.shown.id, start, end};
  }

  placeOf(node, offset) {
    const block = this.blocks.find((one) => one.element.contains(node));
    if (!block) return null;
    const before = document.createRange();
    before.setStart(block.element, 0);
    before.setEnd(node, offset);
    return block.start + points(before.toString());
  }
}

function markOf(quote, text, first) {
  const piece = document.createElement('mark');
  piece.className = 'iq-hit';
  piece.tabIndex = -1;
  Object.assign(piece.dataset, {key: quote.key, kind: quote.kind});
  if (first) Object.assign(piece.dataset, {first: '', number: quote.number});
  piece.textContent = text;
  return piece;
}

function gapOf(text) {
  return Object.assign(document.createElement('span'), {className: 'iq-gap', textContent: text});
}

function pageMark(number) {
  const mark = document.createElement('div');
  mark.className = 'iq-page';
  mark.dataset.page = number;
  mark.setAttribute('role', 'separator');
  mark.setAttribute('aria-label', `Page ${number}`);
  return mark;
}

const hasPairs = (text) => /[\ud800-\udbff]/.test(text);

function points(text) {
  return hasPairs(text) ? [...text].length : text.length;
}

function units(text, wanted) {
  return hasPairs(text) ? [...text].slice(0, wanted).join('').length : wanted;
}
