// Lists of documents of any length: a page at a time, with a search by name or pattern.
const SEARCHED_FROM = 10;  // documents; a shorter list is looked through sooner
const FIND_ANOTHER = 'find';

class DocumentList {
  // `find` returns a page for `{text, after}`; `row` fills an item; `acts` are buttons beside the search.
  constructor(label, {find, row, acts = []}) {
    Object.assign(this, {find, row});
    this.text = '';
    this.asked = 0;
    this.element = Object.assign(document.createElement('div'), {className: 'iq-list'});
    this.input = Object.assign(document.createElement('input'), {type: 'search', className: 'iq-search', placeholder: say('documents.pattern'), autocomplete: 'off', maxLength: 200});
    this.input.setAttribute('aria-label', label);
    this.acts = Object.assign(document.createElement('p'), {className: 'iq-list-acts'});
    this.said = document.createElement('span');
    this.said.setAttribute('role', 'status');
    this.acts.append(...acts, this.said);
    this.items = document.createElement('ul');
    this.more = linkButton(say('documents.more'), () => this.load(this.items.children.length));
    this.element.append(this.input, this.acts, this.items, this.more);
    this.input.addEventListener('input', () => this.search(this.input.value.trim()));
    this.input.addEventListener('keydown', (event) => { if (event.key === 'Enter') event.preventDefault(); });
  }

  // Shows the first of all documents; what is searched for stays.
  show(documents, count) {
    this.count = count;
    const isLong = count >= SEARCHED_FROM;
    this.input.hidden = this.acts.hidden = !isLong;
    if (this.text && isLong) return this.load();
    this.take({documents, found: count, count, after: 0});
  }

  search(text) {
    this.text = text;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.load(), 150);
  }

  async load(after = 0) {
    const asked = ++this.asked;
    const reply = await this.find({text: this.text, after});
    if (asked === this.asked && !reply.error) this.take(reply, after > 0);
  }

  take({documents, found, count, after}, isMore = false) {
    Object.assign(this, {found, count, first: after ? this.first : documents[0]});
    const items = documents.map((one) => {
      const item = document.createElement('li');
      item.append(...this.row(one));
      return item;
    });
    if (isMore) this.items.append(...items);
    else this.items.replaceChildren(...items);
    if (isMore) items[0]?.querySelector('input, button')?.focus();
    this.more.hidden = this.items.children.length >= found;
    this.onTaken?.();
  }

  say(text) {
    this.said.textContent = text;
  }
}

// Which of many documents are asked: those that match, without some, and some others.
class Choice {
  constructor() {
    this.take('');
  }

  take(only, found = 0, first = null) {
    Object.assign(this, {only, found, first, but: new Set(), ids: new Set()});
  }

  matches(one) {
    return this.only !== null && one.matches !== false;
  }

  has(one) {
    return this.ids.has(one.id) || (this.matches(one) && !this.but.has(one.id));
  }

  set(one, isAsked) {
    const [there, others] = isAsked ? [this.ids, this.but] : [this.but, this.ids];
    others.delete(one.id);
    if (this.matches(one) !== isAsked) there.add(one.id);
  }

  forget(id) {
    this.but.delete(id);
    this.ids.delete(id);
  }

  count(total) {
    const matching = this.only === null ? 0 : this.only === '' ? total : this.found;
    return matching - this.but.size + this.ids.size;
  }

  request() {
    if (this.only === '' && !this.but.size) return {documents: null};
    return {only: this.only, but: [...this.but], documents: [...this.ids]};
  }
}

// Fills a menu with the first of many documents; the last entry leads to a search for the others.
function fillMenu(menu, groups, isShort) {
  const before = menu.value;
  menu.replaceChildren(...groups.filter(([, list]) => list.length).map(([label, list, own]) => {
    const group = Object.assign(document.createElement('optgroup'), {label});
    group.append(...list.map((one) => new Option(one.id, keyOf(own, one.id))));
    return group;
  }));
  if (isShort) menu.append(new Option(say('documents.find_another'), FIND_ANOTHER));
  if ([...menu.options].some((option) => option.value === before)) menu.value = before;
}

// Selects a document in a menu, which it joins if it is none of the first.
function selectIn(menu, id, own) {
  const key = keyOf(own, id);
  if (![...menu.options].some((option) => option.value === key)) menu.prepend(new Option(id, key));
  menu.value = key;
}

const keyOf = (own, id) => `${own ? 'own' : 'corpus'}:${id}`;

function chosen(menu) {
  const [source, ...rest] = menu.value.split(':');
  return [rest.join(':'), source === 'own'];
}

function linkButton(textContent, act) {
  const button = Object.assign(document.createElement('button'), {type: 'button', className: 'iq-link', textContent});
  button.addEventListener('click', act);
  return button;
}

function labelled(type, value, text, checked, source) {
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), {type, value, checked});
  if (type === 'radio') input.name = 'iq-source';
  input.dataset.source = source;
  const shown = Object.assign(document.createElement('span'), {textContent: text, className: 'exact', dir: 'auto'});
  label.append(input, shown);
  return label;
}
