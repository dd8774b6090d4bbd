// Thumbs: whether an answer is right; and if not, what was wrong, and which words answer.
class Feedback {
  constructor(chat) {
    this.chat = chat;
    this.bar = chat.find('#iq-taking');
    this.form = null;
    this.selection = null;
    this.bar.querySelector('[data-do=take]').addEventListener('mousedown', (event) => event.preventDefault());
    this.bar.addEventListener('click', (event) => {
      const what = event.target.closest('[data-do]')?.dataset.do;
      if (what === 'take') this.take();
      if (what === 'back') this.back();
    });
    // A selection goes when a button is pressed by keyboard elsewhere: the last one is kept.
    document.addEventListener('selectionchange', () => {
      const {view} = this.chat;
      if (this.form && view.shown && view.sheet.contains(getSelection().anchorNode)) {
        this.selection = view.selected() ?? this.selection;
      }
    });
  }

  async rate(article, button) {
    const turn = this.chat.turnOf(article);
    const good = button.getAttribute('aria-pressed') === 'true' ? null : button.dataset.good === 'true';
    this.close();
    if (!await this.send(article, {good})) return;
    turn.rating = good;
    this.chat.store.save(this.chat.store.current, turn.id);
    this.show();
    if (good === false) this.open(article);
  }

  async send(article, verdict) {
    const {server, documents} = this.chat;
    const turn = unrated(this.chat.turnOf(article));
    const history = this.chat.questionsBefore(article);
    const reply = await server.rate({turn, history, token: documents.token, ...verdict});
    this.chat.trouble(reply.error ?? '');
    return !reply.error;
  }

  show() {
    for (const turn of this.chat.store.current.turns) {
      const buttons = this.chat.log.querySelectorAll(`[data-turn="${turn.id}"] [data-do=rate]`);
      for (const button of buttons) button.setAttribute('aria-pressed', String(turn.rating) === button.dataset.good);
    }
    const rated = this.chat.store.conversations.flatMap((one) => one.turns).some((turn) => turn.own && turn.rating != null);
    this.chat.find('[data-do=export-ratings]').hidden = !rated;
  }

  async save() {
    const reply = await this.chat.server.ratings({token: this.chat.documents.token});
    if (reply.error) return this.chat.trouble(reply.error);
    save('ratings.jsonl', reply.text);
  }

  // Asks what was wrong, below the answer.
  open(article) {
    this.form = this.chat.find('#iq-doubt').content.firstElementChild.cloneNode(true);
    const state = article.dataset.state === 'abstained' ? 'abstained' : 'answered';
    for (const label of this.form.querySelectorAll('[data-for]')) if (label.dataset.for !== state) label.remove();
    this.form.addEventListener('submit', (event) => this.tell(event, article));
    this.form.addEventListener('click', (event) => this.pressed(event));
    this.form.addEventListener('change', () => this.sync());
    this.list(this.nearest(article));
    article.append(this.form);
    this.bar.hidden = false;
    this.sync();
    this.form.scrollIntoView({block: 'nearest'});
    this.form.querySelector('input').focus({preventScroll: true});
  }

  close() {
    this.form?.remove();
    this.form = this.selection = null;
    this.bar.hidden = true;
  }

  pressed(event) {
    const what = event.target.closest('[data-do]')?.dataset.do;
    if (what === 'select') this.select();
    if (what === 'close') this.back(() => this.close());
  }

  async select() {
    this.chat.pane('document');
    await this.chat.follow(this.form.closest('.iq-turn'));
    this.chat.view.sheet.focus({preventScroll: true});
  }

  back(then = () => {}) {
    this.chat.pane('chat');
    const thumb = this.form.closest('.iq-turn').querySelector('[data-good=false]');
    then();
    (this.form?.querySelector('[type=submit]') ?? thumb).focus();
  }

  // The sentences that were considered and are not quoted, as the panel below the answer has them.
  nearest(article) {
    const {found, own, answer} = this.chat.turnOf(article);
    const rows = [...article.querySelectorAll('.iq-found table:first-of-type tbody tr')];
    const isQuoted = (one) => answer.citations.some((quote) => quote.document_id === one.document_id
      && quote.start < one.end && one.start < quote.end);
    return found.sentences.map((one, index) => ({
      document: one.document_id, own, start: one.start, end: one.end,
      text: rows[index]?.querySelector('.exact')?.textContent, quoted: isQuoted(one),
    })).filter((one) => one.text && !one.quoted).slice(0, 5);
  }

  list(spans, ticked = false) {
    const list = this.form.querySelector('ul');
    for (const {document: name, start, end, text} of spans) {
      const item = document.createElement('li');
      item.append(labelled('checkbox', JSON.stringify({document: name, start, end}), text, ticked, 'answer'));
      list[ticked ? 'prepend' : 'append'](item);
    }
  }

  take() {
    const {view} = this.chat;
    const place = view.selected() ?? this.selection;
    const said = this.bar.querySelector('[role=status]');
    const {own} = this.chat.turnOf(this.form.closest('.iq-turn'));
    if (!place) said.textContent = say('doubt.none_selected');
    else if (view.shown.own !== own) said.textContent = say('doubt.not_asked');
    else {
      this.list([{...place, text: textOf(view.blocks, place)}], true);
      getSelection().removeAllRanges();
      this.selection = null;
      said.textContent = say('doubt.added');
      this.sync();
    }
  }

  sync() {
    const unsaid = this.form.elements.fault.value === 'unsaid';
    this.form.querySelector('.iq-doubt-words').hidden = unsaid;
    if (this.bar.hidden !== unsaid) this.bar.querySelector('[role=status]').textContent = '';
    this.bar.hidden = unsaid;
  }

  async tell(event, article) {
    event.preventDefault();
    const fault = this.form.elements.fault.value || null;
    const ticked = [...this.form.querySelectorAll('.iq-doubt-words :checked')];
    const spans = fault === 'unsaid' ? [] : ticked.map((one) => JSON.parse(one.value));
    const trouble = this.form.querySelector('[role=alert]');
    trouble.textContent = fault || spans.length ? '' : say('doubt.nothing');
    if (trouble.textContent || !await this.send(article, {good: false, fault, spans})) return;
    const kept = say(this.chat.turnOf(article).own ? 'doubt.kept_own' : 'doubt.kept');
    this.form.replaceWith(Object.assign(document.createElement('p'), {className: 'iq-kept', role: 'status', textContent: kept}));
    this.form = null;
    this.close();
    article.querySelector('[data-good=false]').focus();
  }
}
