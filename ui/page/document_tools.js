// What stands above a document: its headings, the way to a page, text or pages, and words to find.
class DocumentTools {
  constructor(pane, view, {server, token}) {
    Object.assign(this, {pane, view});
    this.bar = pane.querySelector('.iq-tools');
    const call = (name, more) => server[name]({document: view.shown.id, own: view.shown.own, token: token(), ...more});
    this.call = call;
    this.pages = new PageView(pane.querySelector('.iq-papers'), {view, call});
    this.found = new DocumentFind(this.bar, {
      view, call, goTo: (start, end) => this.goToFound(start, end), seen: () => this.seen(),
    });
    this.found.onPaint = (spans, here) => this.pages.mark(spans, here);
    this.found.onClose = () => this.closed();
    this.as = 'text';
    this.outlined = null;
    this.listen();
    view.addEventListener('laid', () => this.laid());
  }

  find(name) {
    return this.bar.querySelector(name);
  }

  listen() {
    this.find('.iq-as').addEventListener('click', ({target}) => target.dataset.as && this.turnTo(target.dataset.as));
    this.find('.iq-open-find').addEventListener('click', () => this.openFind());
    this.find('.iq-outline').addEventListener('toggle', () => this.outline());
    this.find('.iq-outline nav').addEventListener('click', ({target}) => target.dataset.at && this.jump(Number(target.dataset.at)));
    this.find('.iq-to-page').addEventListener('submit', (event) => {
      event.preventDefault();
      this.goToPage(this.find('.iq-to-page input').value.trim());
    });
    this.pane.addEventListener('keydown', (event) => {
      if (event.key.toLowerCase() !== 'f' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || !this.view.shown) return;
      event.preventDefault();
      this.openFind();
    });
    document.addEventListener('click', ({target}) => {
      if (!this.find('.iq-outline').contains(target)) this.find('.iq-outline').open = false;
    });
    this.bar.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.find('.iq-outline').open) return;
      this.find('.iq-outline').open = false;
      this.find('.iq-outline summary').focus();
    });
  }

  // Follows the view to another document or part.
  laid() {
    const {shown} = this.view;
    this.bar.hidden = !shown;
    const key = shown && `${shown.own} ${shown.id} ${shown.sha256}`;
    if (key !== this.key) this.begin(key);
    if (!shown) return this.dress();
    this.find('.iq-outline').hidden = !shown.headings;
    this.find('.iq-to-page').hidden = !shown.pages_in_all;
    this.find('.iq-page-count').textContent = say('document.page_count', {pages: shown.pages_in_all ?? ''});
    this.find('.iq-as').hidden = !shown.images;
    this.dress();
    if (this.as === 'pages' && shown.images && this.pages.listed?.id !== shown.id) this.pages.open();
  }

  begin(key) {
    this.key = key;
    this.outlined = null;
    this.find('.iq-outline').open = false;
    this.find('.iq-to-page input').value = '';
    this.pages.forget();
    this.pages.element.replaceChildren();
    this.found.field.value = '';
    this.found.forget();
  }

  dress() {
    const asPages = this.as === 'pages' && Boolean(this.view.shown?.images);
    this.pages.element.hidden = !asPages;
    this.view.sheet.hidden = asPages;
    if (this.view.nav) this.view.nav.hidden = asPages || !(this.view.shown?.parts > 1);
    for (const button of this.find('.iq-as').querySelectorAll('button')) button.setAttribute('aria-pressed', (button.dataset.as === 'pages') === asPages);
  }

  // Turns to the text or the pages, at the page that is seen.
  async turnTo(as) {
    if (as === this.as) return;
    const page = this.page();
    this.as = as;
    this.dress();
    if (as === 'pages' && !await this.pages.open()) return;
    if (as === 'pages') this.pages.goToPage(page);
    else await this.view.goToPage(page);
    this.view.space();
  }

  // Returns the first character that is seen.
  seen() {
    const {isOpen, listed} = this.pages;
    return isOpen && listed ? listed.starts[this.pages.current() - 1] : this.view.firstSeen();
  }

  page() {
    return this.pages.isOpen && this.pages.listed ? this.pages.current() : this.view.page();
  }

  async goToPage(text) {
    if (this.view.shown.images && !this.pages.listed && !/^\d+$/.test(text)) await this.pages.open();
    const all = this.view.shown.pages_in_all;
    const number = this.pages.numbered(text) ?? (/^\d+$/.test(text) ? Number(text) : null);
    const field = this.find('.iq-to-page input');
    field.setAttribute('aria-invalid', String(!(number >= 1 && number <= all)));
    if (!(number >= 1 && number <= all)) return field.select();
    if (this.pages.isOpen) this.pages.goToPage(number);
    else await this.view.goToPage(number);
  }

  async outline() {
    const menu = this.find('.iq-outline');
    if (!menu.open || this.outlined === this.key) return;
    const {key} = this;
    const reply = await this.call('document_headings', {});
    if (key !== this.key) return;
    this.outlined = key;
    const levels = [...new Set((reply.headings ?? []).map(([, level]) => level))].sort((a, b) => a - b);
    this.find('.iq-outline nav').replaceChildren(...(reply.headings ?? []).map(([start, level, text]) => {
      const button = Object.assign(document.createElement('button'), {type: 'button', textContent: text, className: 'exact', dir: 'auto'});
      button.style.setProperty('--iq-level', Math.min(levels.indexOf(level), 5));
      button.dataset.at = start;
      return button;
    }));
  }

  async jump(at) {
    this.find('.iq-outline').open = false;
    if (this.pages.isOpen) {
      await this.pages.goTo(at);
      return this.pages.element.focus({preventScroll: true});
    }
    const block = await this.view.goTo(at);
    if (!block) return;
    block.element.tabIndex = -1;
    block.element.focus({preventScroll: true});
  }

  openFind() {
    this.bar.dataset.finding = 'true';
    this.find('.iq-open-find').setAttribute('aria-expanded', 'true');
    this.found.open();
  }

  closed() {
    delete this.bar.dataset.finding;
    this.find('.iq-open-find').setAttribute('aria-expanded', 'false');
    (this.pages.isOpen ? this.pages.element : this.view.sheet).focus({preventScroll: true});
  }

  async goToFound(start, end) {
    if (this.pages.isOpen && this.pages.listed) {
      await this.pages.goTo(start, () => this.pages.element.querySelector('.iq-found-here'));
    } else if (await this.view.show(this.view.shown.id, this.view.shown.own, start)) {
      this.view.seek(start, end);
    }
  }
}
