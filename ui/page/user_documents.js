// The choice of what to ask: the page's corpus, or the visitor's documents, all or some of either.
class UserDocuments {
  constructor(element, {server, add, about, onShow, onChange}) {
    Object.assign(this, {server, about, onShow, onChange});
    this.find = (name) => element.querySelector(name);
    this.key = `inquote.documents.${about.title}`;
    this.corpus = {title: about.title, documents: [], count: 0};
    this.own = [];
    this.source = 'corpus';
    this.choices = {corpus: new Choice(), own: new Choice()};
    this.lists = {corpus: this.list('corpus'), own: this.list('own')};
    this.adding = new Adding(this.find('#iq-adding'), {
      about,
      send: (data) => add({...data, token: this.token}),
      cancel: (data) => server.cancel({...data, token: this.token}),
      onReply: (reply) => this.added(reply),
    });
    this.otherTabs = new BroadcastChannel(this.key);
    this.otherTabs.onmessage = () => this.refresh();
    this.listen();
  }

  listen() {
    this.find('#iq-documents').addEventListener('click', () => this.open(this.find('#iq-user-documents').hidden));
    this.find('#iq-shown').addEventListener('change', ({target}) => {
      if (target.value === FIND_ANOTHER) this.search();
      else this.onShow(...chosen(target));
    });
    this.find('#iq-sources').addEventListener('change', (event) => this.choose(event.target));
    this.find('#iq-files').addEventListener('change', (event) => {
      this.bring([...event.target.files]);
      event.target.value = '';
    });
    this.find('#iq-url-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const input = this.find('#iq-url');
      if (input.value.trim()) this.adding.page(input.value.trim());
      input.value = '';
    });
    this.find('#iq-url-form').hidden = !this.about.urls;
    const days = this.about.kept_days;
    this.find('#iq-kept-for').textContent = days ? say('documents.kept_days', {count: days}) : say('documents.kept_hours');
    const pane = this.find('#iq-document-view');
    pane.addEventListener('dragover', (event) => {
      if (!event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      this.open(true);
    });
    pane.addEventListener('drop', (event) => {
      event.preventDefault();
      this.bring([...event.dataTransfer.files]);
    });
  }

  get token() {
    return this.held ?? localStorage.getItem(this.key);
  }

  // Keeps the token for all tabs, or for this one where the browser has no room.
  keep(token) {
    try {
      localStorage.setItem(this.key, token);
      this.held = null;
    } catch {
      this.held = token;
    }
  }

  open(open) {
    this.find('#iq-user-documents').hidden = !open;
    this.find('#iq-documents').setAttribute('aria-expanded', open);
  }

  // Opens the list with the search, for a document that the menu does not have.
  search() {
    this.open(true);
    this.isUnfolded = true;
    this.draw();
    this.lists.corpus.input.focus();
    if (this.shown) selectIn(this.find('#iq-shown'), ...this.shown);
  }

  async start() {
    const before = sessionStorage.getItem('inquote.source');
    if (!await this.refresh()) return;
    if (this.own.length && before === 'own') this.source = 'own';
    this.draw();
  }

  async refresh() {
    const reply = await this.server.user_documents({token: this.token});
    if (reply.error) {
      this.adding.say(reply.error, true);
      return false;
    }
    this.corpus = reply.corpus;
    if (this.take(reply)) this.onChange();
    return true;
  }

  // Takes what the visitor has here; returns whether it is other than before.
  take({own, token}) {
    const before = this.own;
    this.own = own;
    if (token) this.keep(token);
    if (!own.length) this.source = 'corpus';
    const gone = before.filter((one) => !own.some((other) => other.id === one.id));
    for (const one of gone) this.choices.own.forget(one.id);
    const isOther = own.map(identity).join('\n') !== before.map(identity).join('\n');
    if (isOther) this.draw();
    return isOther;
  }

  // Returns which documents the next question is about.
  asked() {
    return {own: this.source === 'own', ...this.choices[this.source].request()};
  }

  get count() {
    return this.choices[this.source].count(this.source === 'own' ? this.own.length : this.corpus.count);
  }

  // What is asked, as a reader would say.
  get title() {
    if (this.source !== 'own') return this.about.title;
    return this.count === 1 ? this.first()[0] : say('documents.own_title');
  }

  first() {
    const own = this.source === 'own';
    const choice = this.choices[this.source];
    const listed = own ? this.own : this.corpus.documents;
    const there = choice.only ? choice.first : listed.find((one) => choice.has(one));
    const id = there?.id ?? [...choice.ids][0] ?? listed[0]?.id;
    return id === undefined ? null : [id, own];
  }

  choose(input) {
    if (input.type === 'radio') this.source = input.value;
    if (input.type === 'checkbox') {
      this.source = input.dataset.source;
      this.choices[this.source].set(input.document, input.checked);
    }
    if (input.type !== 'search') this.chosen();
  }

  chosen() {
    this.draw();
    this.onChange();
  }

  async remove(id) {
    const reply = await this.server.remove({token: this.token, document: id});
    if (reply.error) return this.adding.say(reply.error, true);
    this.take(reply);
    this.adding.clear();
    this.adding.say(say('documents.removed', {name: id}));
    this.otherTabs.postMessage('');
    this.onChange();
    (this.find('#iq-sources [data-remove]') ?? this.find('#iq-files')).focus();
  }

  bring(files) {
    if (!files.length) return;
    this.open(true);
    if (!this.adding.batch) this.isFirst = true;
    this.adding.bring(files);
  }

  // Takes what is here while files are being added.
  added(reply) {
    const before = new Set(this.own.map((one) => one.id));
    if (!this.take(reply)) return;
    this.otherTabs.postMessage('');
    const fresh = this.own.filter((one) => !before.has(one.id));
    for (const one of fresh) this.choices.own.set(one, true);
    if (fresh.length && this.isFirst) {
      this.isFirst = false;
      this.source = 'own';
      this.onShow(fresh[0].id, true);
    }
    this.draw();
    this.onChange();
  }

  draw() {
    sessionStorage.setItem('inquote.source', this.source);
    const {title, documents, count} = this.corpus;
    this.find('#iq-sources').replaceChildren(this.find('#iq-sources legend'),
      this.group('corpus', title, documents, count),
      ...(this.own.length ? [this.group('own', say('documents.own'), this.own, this.own.length)] : []));
    const groups = [[title, documents, false], [say('documents.own'), this.own, true]];
    fillMenu(this.find('#iq-shown'), groups, count > documents.length);
    if (this.shown) this.shows(...this.shown);
    this.find('#iq-documents').textContent = this.count > 1 ? say('documents.counted', {count: this.count}) : say('documents.title');
  }

  group(source, title, documents, count) {
    const group = Object.assign(document.createElement('div'), {className: 'iq-source'});
    group.append(labelled('radio', source, title, this.source === source, source));
    const isFolded = source === 'corpus' && this.source === 'own' && count >= SEARCHED_FROM && !this.isUnfolded;
    if ((count > 1 && !isFolded) || source === 'own') {
      const list = this.lists[source];
      if (this.choices[source].only && !list.text) list.load();
      else list.show(documents, count);
      group.append(list.element);
    }
    return group;
  }

  list(source) {
    const choice = this.choices[source];
    const take = (...taken) => () => {
      this.source = source;
      choice.take(...taken);
      this.chosen();
    };
    const these = linkButton('', () => take(list.text, list.found, list.first)());
    const list = new DocumentList(source === 'own' ? say('documents.find_own') : say('documents.find_in', {title: this.about.title}), {
      find: (search) => this.server.find_documents({
        ...search, token: this.token, own: source === 'own', only: choice.only || null,
      }),
      row: (one) => this.row(source, one),
      acts: [linkButton(say('documents.all'), take('')), linkButton(say('documents.none'), take(null)), these],
    });
    list.onTaken = () => {
      these.hidden = !list.text || !list.found;
      these.textContent = say('documents.only_found', {count: list.found});
      list.say(list.text && !list.found ? say('documents.no_match')
        : say('documents.asked', {count: choice.count(list.count), all: list.count}));
    };
    return list;
  }

  row(source, one) {
    const own = source === 'own';
    const label = labelled('checkbox', keyOf(own, one.id), one.id, this.choices[source].has(one), source);
    label.querySelector('input').document = one;
    const show = linkButton(say('documents.show'), () => this.onShow(one.id, own));
    show.setAttribute('aria-label', say('documents.show_one', {name: one.id}));
    if (!own) return [label, show];
    const known = this.own.find((other) => other.id === one.id) ?? one;
    const about = Object.assign(document.createElement('small'), {textContent: facts(known)});
    const remove = linkButton(say('documents.remove'), () => this.remove(one.id));
    remove.dataset.remove = one.id;
    remove.setAttribute('aria-label', say('documents.remove_one', {name: one.id}));
    const rest = document.createElement('span');
    rest.append(about, show, remove);
    return [label, rest];
  }

  // Selects the document that is open in the list.
  shows(id, own) {
    this.shown = [id, own];
    selectIn(this.find('#iq-shown'), id, own);
  }
}

const identity = (one) => `${one.id} ${one.sha256}`;

// The size of a visitor's document, and when it was added.
function facts({size, added}) {
  if (!added) return '';
  const day = new Date(added * 1000).toLocaleDateString(STRINGS.language, {day: 'numeric', month: 'short'});
  const shown = size >= 1e6 ? say('documents.megabytes', {size: (size / 1e6).toFixed(1)})
    : say('documents.kilobytes', {size: Math.max(1, Math.round(size / 1e3))});
  return say('documents.facts', {size: shown, day});
}

// Checks quotes from the visitor's documents again, as these have changed, and shows what is other now.
async function recheck(log, turns, restore) {
  const own = turns.filter((turn) => turn.own && log.querySelector(`[data-turn="${turn.id}"]`));
  if (!own.length) return;
  const reply = await restore(own);
  const states = (article) => [...article.querySelectorAll('.iq-quote')].map(({dataset}) => dataset.state).join();
  for (const {id, html} of reply.turns ?? []) {
    const article = log.querySelector(`[data-turn="${id}"]`);
    const fresh = Object.assign(document.createElement('div'), {innerHTML: html}).firstElementChild;
    if (article && states(article) !== states(fresh)) article.replaceWith(fresh);
  }
}
