// A document with its quotes marked. Places are in code points, as in Python; JavaScript counts UTF-16
// units.
// It tells of what it does by the events "laid", "marked" and "revealed".
class DocumentView extends EventTarget {
  constructor(element, {load, onPick}) {
    super();
    this.sheet = element.querySelector('.iq-sheet');
    this.nav = element.querySelector('.iq-parts');
    this.load = load;
    this.onPick = onPick;
    this.blocks = [];
    this.marks = [];
    this.shown = null;
    this.wanted = 0;
    this.sheet.addEventListener('click', (event) => {
      const hit = event.target.closest('mark');
      if (hit && getSelection().isCollapsed) onPick?.(hit.dataset.key);
    });
    this.sheet.addEventListener('copy', (event) => this.copy(event));
    this.nav?.querySelector('.iq-earlier').addEventListener('click', () => this.turn(-1));
    this.nav?.querySelector('.iq-later').addEventListener('click', () => this.turn(1));
  }

  // Shows the part of a document that holds a place or a page; returns whether it could.
  async show(document, own, at = 0, part = null, page = null) {
    if (this.holds(document, own, at) && part === null && page === null) return true;
    const wanted = ++this.wanted;
    const given = await this.load({document, own, at, part, page});
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
    this.tell('laid');
  }

  tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, {detail}));
  }

  lay() {
    const laid = new Layout(this.shown.pages);
    this.blocks = this.shown.blocks.map((block) => laid.add(block));
    this.sheet.replaceChildren(laid.fragment);
    this.sheet.scrollTop = 0;
    this.sheet.dataset.document = this.shown.id;
    this.blocks.forEach((block) => this.paint(block));
    this.space();
    if (this.nav) {
      const {part, parts} = this.shown;
      this.nav.hidden = parts < 2;
      this.nav.querySelector('.iq-part').textContent = say('document.part', {part: part + 1, parts});
      this.nav.querySelector('.iq-earlier').disabled = part === 0;
      this.nav.querySelector('.iq-later').disabled = part === parts - 1;
    }
    this.tell('laid');
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
    this.tell('marked');
  }

  // Scrolls to a marked quote, and marks it as the current one.
  async reveal(quote, {focus = true} = {}) {
    if (!await this.show(quote.document, quote.own, quote.start)) return;
    const pieces = [...this.sheet.querySelectorAll('mark')];
    for (const piece of pieces) piece.classList.toggle('iq-current', piece.dataset.key === quote.key);
    this.tell('revealed', {quote, focus});
    const first = pieces.find((piece) => piece.dataset.key === quote.key);
    if (!first) return;
    this.unseen = first.offsetParent ? null : first;
    first.scrollIntoView({block: 'center'});
    if (focus) first.focus({preventScroll: true});
  }

  // Lights the marks of quotes with these keys, and no others.
  light(keys) {
    for (const mark of this.sheet.parentElement.querySelectorAll('mark')) mark.classList.toggle('iq-lit', keys.includes(mark.dataset.key));
  }

  // Called when the document comes into view: shows what was revealed while it was hidden.
  appear() {
    this.unseen?.scrollIntoView({block: 'center'});
    this.unseen = null;
    this.space();
  }

  paint(block) {
    const inside = this.marks.filter((one) => one.document === this.shown.id
      && one.own === this.shown.own && one.start < block.end && block.start < one.end);
    const gap = block.text.trimEnd().length;
    const edges = new Set([0, gap, block.text.length, ...block.cells]);
    const unit = (place) => units(block.text, Math.min(Math.max(place, block.start), block.end) - block.start);
    const placed = inside.map((one) => {
      const [from, to, first, last] = [one.start, one.end, ...one.answer ?? [0, 0]].map(unit);
      edges.add(from).add(to).add(first).add(last);
      return {one, from, to, first, last};
    });
    for (const [from, to] of block.signs) edges.add(from).add(to);
    const sorted = [...edges].sort((a, b) => a - b);
    const cells = block.cells.length ? new Cells(block) : null;
    if (!cells) block.element.replaceChildren();
    for (const [index, from] of sorted.slice(0, -1).entries()) {
      const text = block.text.slice(from, sorted[index + 1]);
      const found = placed.find((each) => each.from <= from && from < each.to);
      const looks = block.signs.filter(([first, last]) => first <= from && from < last).map(([, , kind]) => `iq-is-${kind}`);
      if (from >= gap && !found) looks.push('iq-gap');
      (cells?.at(from) ?? block.element).append(this.piece(block, found, from, text, looks));
    }
  }

  piece(block, found, from, text, looks) {
    if (!found && !looks.length) return document.createTextNode(text);
    const piece = found ? markOf(found.one, text, found.one.start >= block.start && found.from === from)
      : Object.assign(document.createElement('span'), {textContent: text});
    if (found && found.first <= from && from < found.last) looks.push('iq-answer');
    piece.classList.add(...looks);
    return piece;
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

  // Copies the characters of the document as they are, however they are shown.
  copy(event) {
    const span = this.selected();
    if (!span) return;
    event.clipboardData.setData('text/plain', this.text(span.start, span.end));
    event.preventDefault();
  }

  text(start, end) {
    return this.blocksIn(start, end).map((one) => {
      const [from, to] = [start, end].map((place) => units(one.text, Math.max(place - one.start, 0)));
      return one.text.slice(from, to);
    }).join('');
  }

  // Scrolls to a character, and returns its block.
  async goTo(at) {
    if (!await this.show(this.shown.id, this.shown.own, at)) return null;
    const block = this.blocks.findLast((one) => one.start <= at);
    block?.element.scrollIntoView({block: 'start'});
    return block;
  }

  // Scrolls to where a page starts, counted from 1.
  async goToPage(number) {
    const here = () => this.sheet.querySelector(`.iq-page[data-page="${Number(number)}"]`);
    if (!here()) await this.show(this.shown.id, this.shown.own, 0, null, number);
    here()?.scrollIntoView({block: 'start'});
  }

  // Returns the ranges of the page that spans of the part take.
  ranges(spans) {
    return spans.flatMap(([start, end]) => this.blocksIn(start, end).map((block) => {
      const range = document.createRange();
      const [from, to] = [start, end].map((place) => units(block.text, Math.max(place - block.start, 0)));
      range.setStart(...nodeAt(block.element, from, false));
      range.setEnd(...nodeAt(block.element, Math.min(to, block.text.length), true));
      return range;
    }));
  }

  blocksIn(start, end) {
    return this.blocks.filter((one) => one.start < end && start < one.end);
  }

  // Scrolls to a span of the part, unless it is well in view.
  seek(start, end) {
    const [block] = this.blocksIn(start, end);
    if (!block) return;
    const {top, height} = this.sheet.getBoundingClientRect();
    const place = () => this.ranges([[start, end]])[0].getBoundingClientRect();
    const seen = (box) => box.height > 0 && box.top > top + 8 && box.bottom < top + height - 8;
    if (seen(place())) return;
    block.element.scrollIntoView({block: 'center'});
    if (!seen(place())) this.sheet.scrollTop += place().top - top - height / 2;
  }

  // Returns the first character that is seen.
  firstSeen() {
    const {top} = this.sheet.getBoundingClientRect();
    return this.blocks.find((one) => one.element.getBoundingClientRect().bottom > top + 1)?.start ?? 0;
  }

  // Returns the page that is seen first.
  page() {
    const at = this.firstSeen();
    const next = this.shown.pages.find(([start]) => start > at);
    return Math.max(next ? next[1] - 1 : this.shown.pages.at(-1)?.[1] ?? 1, 1);
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

// Returns the text node and the place in it of a unit of an element's text.
function nodeAt(element, place, isEnd) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let node = walker.nextNode();
  let left = place;
  while (node && (left > node.length || (left === node.length && !isEnd))) {
    left -= node.length;
    const next = walker.nextNode();
    if (!next) return [node, node.length];
    node = next;
  }
  return [node, left];
}

function pageMark(number) {
  const mark = document.createElement('div');
  mark.className = 'iq-page';
  mark.dataset.page = number;
  mark.setAttribute('role', 'separator');
  mark.setAttribute('aria-label', say('document.page', {number}));
  return mark;
}

const hasPairs = (text) => /[\ud800-\udbff]/.test(text);

function points(text) {
  return hasPairs(text) ? [...text].length : text.length;
}

function units(text, wanted) {
  return hasPairs(text) ? [...text].slice(0, wanted).join('').length : wanted;
}
