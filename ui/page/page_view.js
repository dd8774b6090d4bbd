// The pages of a PDF as pictures, which are fetched when they come into view, with the quotes marked.
class PageView {
  constructor(element, {view, call}) {
    Object.assign(this, {element, view, call});
    this.listed = null;
    this.sheets = [];
    this.wanted = new Set();
    this.loading = 0;
    this.going = 0;  // how often it went somewhere
    this.found = [[], undefined];
    const seen = {root: element, rootMargin: '100% 0px'};
    this.observer = new IntersectionObserver((entries) => this.moved(entries), seen);
    element.addEventListener('click', (event) => {
      const hit = event.target.closest('mark[data-key]');
      if (hit) view.onPick?.(hit.dataset.key);
    });
    view.addEventListener('marked', () => this.paintAll());
    view.addEventListener('revealed', ({detail}) => this.reveal(detail.quote, detail.focus));
  }

  get isOpen() {
    return !this.element.hidden;
  }

  // Shows the pages of the document of the view; returns whether that is possible.
  async open() {
    const {id, own} = this.view.shown;
    if (this.listed?.id !== id || this.listed.own !== own) {
      const listed = await this.call('document_pages', {});
      if (this.view.shown?.id !== id || this.view.shown.own !== own) return false;
      if (listed.error) {
        this.say(listed.error);
        return false;
      }
      this.lay({...listed, own});
    }
    return true;
  }

  lay(listed) {
    this.forget();
    this.listed = listed;
    this.sheets = listed.sizes.map(([width, height], index) => {
      const sheet = document.createElement('section');
      sheet.className = 'iq-paper';
      sheet.style.setProperty('--iq-wide', width);
      sheet.style.setProperty('--iq-high', height);
      sheet.setAttribute('aria-label', this.nameOf(index + 1));
      sheet.dataset.name = this.nameOf(index + 1);
      return Object.assign(sheet, {number: index + 1});
    });
    this.element.replaceChildren(...this.sheets);
    for (const sheet of this.sheets) this.observer.observe(sheet);
  }

  forget() {
    this.observer.disconnect();
    this.wanted.clear();
    this.listed = null;
    this.sheets = [];
  }

  say(text) {
    this.forget();
    this.element.replaceChildren(Object.assign(document.createElement('p'), {className: 'iq-gone', textContent: text}));
  }

  nameOf(number) {
    const label = this.listed.labels[number - 1];
    const isOther = label && label !== String(number);
    return isOther ? say('document.labelled_page', {label, number, pages: this.listed.sizes.length}) : say('document.page', {number});
  }

  // Returns the page that is printed so, or has this number; null if there is none.
  numbered(text) {
    const label = this.listed?.labels.indexOf(text) ?? -1;
    if (label >= 0) return label + 1;
    return /^\d+$/.test(text) ? Number(text) : null;
  }

  pageOf(at) {
    return Math.max(this.listed.starts.findLastIndex((start) => start <= at), 0) + 1;
  }

  // Returns the number of the page in the middle of what is seen.
  current() {
    const {top, height} = this.element.getBoundingClientRect();
    const middle = this.sheets.findIndex((sheet) => sheet.getBoundingClientRect().bottom > top + height / 3);
    return Math.max(middle, 0) + 1;
  }

  moved(entries) {
    for (const {target, isIntersecting} of entries) {
      if (isIntersecting && !target.page) this.wanted.add(target);
      else if (!isIntersecting) this.drop(target);
    }
    this.next();
  }

  drop(sheet) {
    this.wanted.delete(sheet);
    sheet.page = null;
    sheet.replaceChildren();
  }

  // Fetches pages, two at a time, the nearest to what is seen first.
  async next() {
    if (this.loading >= 2 || !this.wanted.size) return;
    const near = this.current();
    const [sheet] = [...this.wanted].sort((a, b) => Math.abs(a.number - near) - Math.abs(b.number - near));
    this.wanted.delete(sheet);
    this.loading += 1;
    this.next();
    await this.fetch(sheet).finally(() => { this.loading -= 1; });
    this.next();
  }

  async fetch(sheet) {
    const {listed} = this;
    const width = Math.ceil(sheet.clientWidth * Math.min(devicePixelRatio, 2)) || 800;
    sheet.page = {};
    const page = await this.call('page_image', {page: sheet.number, width}).catch(() => ({error: say('document.not_loaded')}));
    if (listed !== this.listed || !sheet.page) return;
    if (page.error) {
      sheet.replaceChildren(Object.assign(document.createElement('p'), {className: 'iq-gone', textContent: page.error}));
      return;
    }
    sheet.page = page;
    const image = Object.assign(document.createElement('img'), {src: page.image, alt: ''});
    const text = Object.assign(document.createElement('p'), {className: 'iq-hidden exact', textContent: page.text});
    sheet.replaceChildren(image, text);
    this.paint(sheet);
  }

  paintAll() {
    for (const sheet of this.sheets) if (sheet.page) this.paint(sheet);
  }

  // Puts boxes over the quotes and the words found on a page.
  paint(sheet) {
    for (const box of sheet.querySelectorAll('.iq-spot')) box.remove();
    if (!sheet.page.places?.length) return;
    const {id, own} = this.listed;
    for (const quote of this.view.marks.filter((one) => one.document === id && one.own === own)) {
      const answer = quote.answer ?? [0, 0];
      boxesOf(sheet.page.places, quote.start, quote.end).forEach((box, index) =>
        sheet.append(this.spot(quote, index === 0 && this.pageOf(quote.start) === sheet.number, box)));
      for (const box of boxesOf(sheet.page.places, ...answer)) sheet.append(placed(plain('iq-answer'), box));
    }
    const [spans, here] = this.found;
    const [first, last] = [this.listed.starts[sheet.number - 1], this.listed.starts[sheet.number] ?? this.listed.end];
    for (const span of spans.filter(([start, end]) => start < last && first < end)) {
      const kind = span === here ? 'iq-found-here' : 'iq-found';
      for (const box of boxesOf(sheet.page.places, ...span)) sheet.append(placed(plain(kind), box));
    }
  }

  spot(quote, first, box) {
    const mark = placed(markOf(quote, '', first), box);
    mark.classList.toggle('iq-current', quote.key === this.currentKey);
    return mark;
  }

  // Marks words that were found, and which of them is the current one.
  mark(spans, here) {
    this.found = [spans, here];
    this.paintAll();
  }

  async reveal(quote, focus) {
    this.currentKey = quote.key;
    if (!this.isOpen || !await this.open()) return;
    const box = await this.goTo(quote.start, () => this.element.querySelector(`mark[data-key="${quote.key}"]`));
    for (const one of this.element.querySelectorAll('mark')) one.classList.toggle('iq-current', one.dataset.key === quote.key);
    if (focus) box?.focus({preventScroll: true});
  }

  goToPage(number) {
    this.going += 1;
    this.sheets[number - 1]?.scrollIntoView({block: 'start'});
  }

  // Scrolls to the page of a character, and then to what `find` finds there once it is drawn,
  // unless the reader goes on to another place before that.
  async goTo(at, find = null) {
    const going = ++this.going;
    const sheet = this.sheets[this.pageOf(at) - 1];
    if (!sheet) return null;
    if (!find?.()) sheet.scrollIntoView({block: 'start'});
    for (let tries = 0; find && !sheet.page?.image && this.isOpen && tries < 100; tries += 1) {
      await new Promise((done) => { setTimeout(done, 50); });
      if (going !== this.going) return null;
    }
    const found = find?.() ?? null;
    found?.scrollIntoView({block: 'center'});
    return found;
  }
}

// Returns boxes around the letters of a span, one for each line, as `[left, top, right, bottom]`;
// `places` are five numbers for each letter: its offset, and its box.
function boxesOf(places, start, end) {
  const boxes = [];
  for (let at = 0; at < places.length; at += 5) {
    if (places[at] < start || places[at] >= end) continue;
    const [left, top, right, bottom] = places.slice(at + 1, at + 5);
    const box = boxes.at(-1);
    const middle = (top + bottom) / 2;
    const goesOn = box && box[1] < middle && middle < box[3] && left > box[0] && left - box[2] < 3 * (bottom - top);
    if (goesOn) boxes[boxes.length - 1] = [box[0], Math.min(box[1], top), Math.max(box[2], right), Math.max(box[3], bottom)];
    else boxes.push([left, top, right, bottom]);
  }
  return boxes;
}

function placed(element, [left, top, right, bottom]) {
  const share = (number) => `${number / 100}%`;
  Object.assign(element.style, {left: share(left), top: share(top), width: share(right - left), height: share(bottom - top)});
  element.classList.add('iq-spot');
  return element;
}

function plain(className) {
  const element = Object.assign(document.createElement('span'), {className});
  element.setAttribute('aria-hidden', 'true');
  return element;
}
