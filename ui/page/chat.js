// The conversation, and its connection with the document beside it.
class Chat {
  constructor(element, {props, server, bring, write}) {
    Object.assign(this, {element, write, server: answering(server)});
    this.find = (name) => element.querySelector(name);
    this.about = props.about;
    this.store = new Store(this.about.title, {
      onChange: (conversation) => this.heard(conversation),
      onFull: () => this.trouble(say('conversations.no_room')),
    });
    this.turnLog = new TurnLog(this.log);
    this.kept = new Conversations(element, {
      store: this.store, server: this.server,
      onShow: () => this.restore(), onTrouble: (text) => this.trouble(text), onRatings: () => this.feedback.save(),
    });
    this.documents = new UserDocuments(element, {
      server: this.server, about: this.about,
      add: bring,
      onShow: (id, own) => this.open(id, own),
      onChange: () => this.changed(),
    });
    this.view = new DocumentView(this.find('#iq-document-view'), {
      load: (place) => this.server.document_part({...place, token: this.documents.token}),
      onPick: (key) => this.quoteOf(key)?.querySelector('.iq-number').focus(),
    });
    this.settings = new AnswerSettings(this.find('#iq-settings'), this.about);
    this.actions = new TurnActions(this);
    this.feedback = new Feedback(this);
    this.writing = new Writing(this);
    this.tools = new DocumentTools(this.find('#iq-document-view'), this.view, {
      server: this.server, token: () => this.documents.token,
    });
    this.pending = null;
    this.laid = Promise.resolve();
    this.welcome = new Welcome(this.find('#iq-welcome'), {
      server: this.server, documents: this.documents,
      ask: (text) => this.ask(text),
      show: (quotes, quote) => {
        this.pane('document');
        this.view.mark(quotes);
        this.view.reveal(quote);
      },
    });
    this.listen();
    this.start();
  }

  get question() {
    return this.find('#iq-question');
  }

  get log() {
    return this.find('#iq-log');
  }

  listen() {
    this.find('#iq-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.ask(this.question.value);
    });
    this.question.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.ask(this.question.value);
    });
    this.question.addEventListener('input', () => this.grow());
    this.find('#iq-new').addEventListener('click', () => this.begin());
    this.log.addEventListener('click', (event) => this.pressed(event));
    this.log.addEventListener('toggle', ({target}) => {
      if (target.open) target.scrollIntoView({block: 'nearest'});
    }, true);
    this.find('.iq-switch').addEventListener('click', (event) => {
      const tab = event.target.closest('[role=tab]');
      if (tab) this.pane(tab.id === 'iq-to-document' ? 'document' : 'chat');
    });
    this.find('.iq-switch').addEventListener('keydown', (event) => {
      if (!['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
      const shown = this.find('.iq-panes').dataset.shown === 'chat' ? 'document' : 'chat';
      this.pane(shown);
      this.find(`#iq-to-${shown}`).focus();
    });
    document.addEventListener('click', (event) => {
      const menu = this.find('#iq-more');
      if (menu.open && !menu.contains(event.target)) menu.open = false;
    });
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      this.find('#iq-more').open = false;
      this.find('#iq-settings').open = false;
      this.documents.open(false);
    });
    addEventListener('resize', () => this.view.space());
  }

  async start() {
    this.list();
    await this.documents.start();
    this.changed();
    if (Links.opened()) await Links.show(this, Links.opened());
    else await this.restore();
    const idle = document.activeElement === document.body;
    if (idle && matchMedia('(pointer: fine)').matches) this.question.focus({preventScroll: true});
    this.element.dataset.ready = 'true';
  }

  // Asks a question; `again` has what to ask it of, after which ones, and how, if not as chosen.
  ask(text, again = {}) {
    if (this.pending) return;
    this.trouble('');
    const asked = {...this.documents.asked(), settings: this.settings.asked(), ...again};
    if (!again.documents && !this.documents.count) return this.trouble(say('ask.none_chosen'));
    asked.history ??= questions(this.store.current.turns, asked.own);
    const request = {id: uniqueId(), question: text, ...asked};
    if (this.question.value === text) this.question.value = '';
    this.grow();
    this.store.ask(this.store.current, request);
    this.list();
    this.send(request, this.store.current);
    this.scroll(this.pending.article);
  }

  // Asks until there is an answer, or the reader cancels.
  async send(request, conversation) {
    const call = new LastingCall(() => this.server.ask({...request, token: this.documents.token}),
      (text) => waiting.say(text));
    const waiting = new WaitingTurn({id: request.id, waiting: request},
      {retry: () => { call.retry(); this.question.focus(); }, cancel: () => call.cancel()});
    this.pending = {id: request.id, question: request.question, request, article: waiting.article, conversation, call};
    this.turnLog.put(request.id, waiting.article);
    this.dress();
    this.answered(await call.reply());
  }

  // Takes the answer to a question, or what went wrong; null if it was cancelled.
  answered(reply) {
    const {id, question, request, article, conversation} = this.pending;
    this.pending = null;
    if (reply?.turn) {
      this.show(reply, conversation);
      if (request.settings.write && !reply.turn.answer.abstained) this.writing.begin(request, conversation);
      return;
    }
    const wanted = this.store.cancel(conversation, id);
    this.list();
    if (reply?.hint) {
      article.dataset.state = 'hint';
      article.replaceChildren(article.firstElementChild,
        Object.assign(document.createElement('p'), {textContent: reply.hint}));
      return this.dress();
    }
    article.remove();
    if (wanted && !this.question.value) this.question.value = question;
    this.grow();
    if (reply) this.trouble(reply.error);
    else if (wanted) this.question.focus();
    this.dress();
  }

  // Shows an answer in the place of its question, if its conversation is shown and holds it.
  show({turn, html}, conversation) {
    const wanted = this.store.answer(conversation, turn);
    this.list();
    if (!wanted || this.store.current !== conversation) {
      this.turnLog.articleOf(turn.id)?.remove();
      return this.dress();
    }
    const article = articleFrom(html);
    this.turnLog.put(turn.id, article);
    this.turnLog.order(this.store.asked(conversation).map((one) => one.id));
    this.dress();
    this.scroll(article);
    this.follow(article);
  }

  async restore() {
    const {current} = this.store;
    this.feedback.close();
    this.log.replaceChildren();
    this.trouble('');
    this.list();
    this.laid = this.lay(current);
    if (!await this.laid) return;
    const left = current.waiting.find((one) => one.tab === this.store.tab);
    if (left && !this.pending) this.send(left.waiting, current);
    const last = this.log.lastElementChild;
    if (last) {
      this.scroll(last);
      if (await this.follow(last)) return;
    }
    this.view.mark([]);
    const first = this.documents.first();
    if (first) await this.open(...first);
  }

  // Shows what was asked in a conversation; returns whether it is still the current one.
  async lay(conversation) {
    this.laying?.cancel();
    const {pending} = this;
    if (pending && !pending.conversation.waiting.some(({id}) => id === pending.id)) pending.call.cancel();
    this.dress();
    for (const turns of batches(conversation.turns.filter((turn) => !this.isLaid(turn)))) {
      const call = new LastingCall(() => this.server.restore({token: this.documents.token, turns}),
        (text) => this.trouble(text));
      this.laying = call;
      const reply = await call.reply();
      if (!reply || this.store.current !== conversation) return false;
      if (reply.error) this.trouble(reply.error);
      for (const {id, html} of reply.turns ?? []) this.turnLog.put(id, articleFrom(html));
    }
    for (const question of conversation.waiting) this.layWaiting(question, conversation);
    this.turnLog.order(this.store.asked(conversation).map((one) => one.id));
    this.feedback.show();
    this.dress();
    return true;
  }

  // Returns whether a turn is shown as it is kept; another tab may have had it written since.
  isLaid({id, answer}) {
    const {state = 'pending', written} = this.turnLog.articleOf(id)?.dataset ?? {};
    return state !== 'pending' && written === String(answer.written?.statements.length ?? '');
  }

  layWaiting(question, conversation) {
    if (this.pending?.id === question.id) return this.turnLog.put(question.id, this.pending.article);
    const waiting = new WaitingTurn(question, {
      retry: () => this.pending || this.send(question.waiting, conversation),
      cancel: () => {
        this.store.cancel(conversation, question.id);
        this.heard(conversation);
      },
    });
    waiting.say(say('ask.not_answered'));
    this.turnLog.put(question.id, waiting.article);
  }

  // Shows what another tab changed.
  heard(conversation) {
    this.list();
    this.laid = this.laid.then(() => conversation === this.store.current && this.lay(conversation));
  }

  // Marks a turn's quotes in the document, and shows one, or the first; returns whether there is one.
  async follow(article, number = null, {focus = number !== null} = {}) {
    for (const each of this.log.children) each.classList.toggle('iq-followed', each === article);
    const quotes = this.quotesOf(article);
    this.view.mark(quotes);
    const quote = number === null ? quotes[0] : quotes.find((one) => one.number === number);
    if (!quote) return false;
    await this.view.reveal(quote, {focus});
    if (this.view.shown || number !== null) this.documents.shows(quote.document, quote.own);
    return true;
  }

  quotesOf(article) {
    return [...article.querySelectorAll('.iq-quote:not([data-state=false])')].map(({dataset}) => ({
      key: `${article.dataset.turn} ${dataset.number}`,
      document: dataset.document,
      own: dataset.own === 'true',
      start: Number(dataset.start),
      end: Number(dataset.end),
      answer: dataset.answer?.split(' ').map(Number) ?? [0, 0],
      number: dataset.number,
      kind: dataset.kind,
    }));
  }

  quoteOf(key) {
    const [turn, number] = key.split(' ');
    const quote = this.log.querySelector(`[data-turn="${turn}"] .iq-quote[data-number="${number}"]`);
    quote?.closest('details:not([open])')?.setAttribute('open', '');
    if (quote) this.pane('chat');
    return quote;
  }

  async open(id, own) {
    await this.view.show(id, own);
    this.documents.shows(id, own);
  }

  async pressed(event) {
    const button = event.target.closest('[data-do]');
    if (!button) return;
    const article = button.closest('.iq-turn');
    const {do: what} = button.dataset;
    const quote = button.closest('.iq-quote');
    if (what === 'reveal') {
      this.pane('document');
      await this.follow(article, quote.dataset.number);
    }
    if (what === 'unfold') unfold(button, quote);
    if (what === 'rate') await this.feedback.rate(article, button);
    if (what === 'cite') await this.writing.cite(article, button.dataset.number);
    if (what === 'copy-statement') await this.writing.copy(article, button);
    if (what === 'copy-link') this.trouble(await Links.copy(this.server, this.turnOf(article), article, button));
    await this.actions.press(what, article, button);
  }

  turnOf(article) {
    return this.store.current.turns.find((turn) => turn.id === article.dataset.turn);
  }

  // The questions that a turn may have been read with.
  questionsBefore(article) {
    const {turns} = this.store.current;
    const turn = this.turnOf(article);
    return questions(turns.slice(0, turns.indexOf(turn)), turn.own);
  }

  begin() {
    if (this.store.current.turns.length) this.store.create();
    this.restore();
    this.pane('chat');
    this.question.focus();
  }

  list() {
    this.kept.draw();
  }

  changed() {
    document.dispatchEvent(new Event('iq-documents'));
    const own = this.documents.source === 'own';
    this.question.placeholder = say('ask.placeholder_of', {title: this.documents.title});
    this.welcome.draw();
    recheck(this.log, this.store.current.turns, (turns) => this.server.restore({token: this.documents.token, turns}))
      .then(() => this.feedback.show());
    const first = this.documents.first();
    const {shown} = this.view;
    const gone = shown?.own && !this.documents.own.some((one) => one.id === shown.id);
    if (first && (gone || (shown && shown.own !== own))) this.open(...first);
  }

  dress() {
    this.find('#iq-welcome').hidden = this.log.childElementCount > 0;
    this.welcome.draw();
    this.find('.iq-send').disabled = this.pending !== null;
    this.writing.dress();
  }

  pane(name) {
    this.find('.iq-panes').dataset.shown = name;
    for (const [tab, id] of [['chat', '#iq-to-chat'], ['document', '#iq-to-document']]) {
      this.find(id).setAttribute('aria-selected', tab === name);
      this.find(id).tabIndex = tab === name ? 0 : -1;
    }
    if (name === 'document') this.view.appear();
  }

  trouble(text) {
    this.find('#iq-trouble').textContent = text;
  }

  grow() {
    this.question.style.height = 'auto';
    if (this.question.value) this.question.style.height = `${this.question.scrollHeight}px`;
  }

  scroll(article) {
    const pane = this.find('#iq-answers');
    pane.scrollTop += article.getBoundingClientRect().top - pane.getBoundingClientRect().top - 8;
  }
}

// The last questions about the page's corpus or the visitor's own documents, for a follow-up.
function questions(turns, own) {
  return turns.filter((turn) => turn.own === own).map((turn) => turn.answer.question).slice(-8);
}

function unrated({rating, ...turn}) {
  return turn;
}

function unfold(button, quote) {
  const open = quote.querySelector('.iq-long').classList.toggle('iq-whole');
  button.setAttribute('aria-expanded', open);
  button.dataset.closed ??= button.textContent;
  button.textContent = open ? say('turn.show_less') : button.dataset.closed;
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // there is no clipboard on a plain http page of another machine
    const area = Object.assign(document.createElement('textarea'), {value: text});
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  button.dataset.said ??= button.textContent;
  button.textContent = say('turn.copied');
  setTimeout(() => { button.textContent = button.dataset.said; }, 1500);
}
