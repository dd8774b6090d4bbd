// The conversation, and its connection with the document beside it.
class Chat {
  constructor(element, {props, server, trigger}) {
    Object.assign(this, {element, server, trigger});
    this.find = (name) => element.querySelector(name);
    this.about = props.about;
    this.store = new Store(this.about.title);
    this.documents = new UserDocuments(element, {
      server, about: this.about,
      add: (data) => trigger('bring', data),
      onShow: (id, own) => this.open(id, own),
      onChange: () => this.changed(),
    });
    this.view = new DocumentView(this.find('#iq-document-view'), {
      load: (place) => server.document_part({...place, token: this.documents.token}),
      onPick: (key) => this.quoteOf(key)?.querySelector('.iq-number').focus(),
    });
    this.tools = new DocumentTools(this.find('#iq-document-view'), this.view, {server, token: () => this.documents.token});
    this.pending = null;
    this.listen();
    this.welcome();
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
    this.find('#iq-conversations').addEventListener('change', (event) => {
      this.store.select(event.target.value);
      this.restore();
    });
    this.find('#iq-new').addEventListener('click', () => this.begin());
    this.find('#iq-more').addEventListener('click', (event) => this.act(event));
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
      this.documents.open(false);
    });
    addEventListener('resize', () => this.view.space());
  }

  welcome() {
    this.find('[data-title]').textContent = this.about.title;
    this.find('#iq-examples').append(...this.about.examples.map((example) => {
      const item = document.createElement('li');
      const button = Object.assign(document.createElement('button'), {type: 'button', textContent: example});
      button.addEventListener('click', () => this.ask(example));
      item.append(button);
      return item;
    }));
  }

  async start() {
    this.list();
    await this.documents.start();
    this.changed();
    await this.restore();
    if (matchMedia('(pointer: fine)').matches) this.question.focus({preventScroll: true});
    this.element.dataset.ready = 'true';
  }

  ask(text) {
    if (this.pending) return;
    this.trouble('');
    const asked = this.documents.asked();
    if (asked.documents && !asked.documents.length) return this.trouble('Choose a document to ask.');
    const history = questions(this.store.current.turns, asked.own);
    this.pending = {id: uniqueId(), question: text, article: pendingTurn(text), conversation: this.store.current};
    if (this.question.value === text) this.question.value = '';
    this.grow();
    this.log.append(this.pending.article);
    this.log.setAttribute('aria-busy', 'true');
    this.dress();
    this.scroll(this.pending.article);
    this.trigger('ask', {id: this.pending.id, question: text, history, token: this.documents.token, ...asked});
  }

  // Takes the answer to a question, or what went wrong.
  answered(reply) {
    if (!this.pending || (reply.id && reply.id !== this.pending.id)) return;
    const {question, article, conversation} = this.pending;
    this.pending = null;
    this.log.setAttribute('aria-busy', 'false');
    if (reply.hint) {
      article.dataset.state = 'hint';
      article.querySelector('.iq-wait').replaceWith(Object.assign(document.createElement('p'), {textContent: reply.hint}));
      return this.dress();
    }
    article.remove();
    if (reply.error) {
      if (!this.question.value) this.question.value = question;
      this.grow();
      this.trouble(reply.error);
      return this.dress();
    }
    this.store.append(reply.turn, conversation);
    this.list();
    if (this.store.current !== conversation) return this.dress();
    this.log.insertAdjacentHTML('beforeend', reply.html);
    this.dress();
    const last = this.log.lastElementChild;
    this.scroll(last);
    this.follow(last);
  }

  failed() {
    this.answered({error: 'The server is busy, or is not there. Try again in a moment.'});
  }

  async restore() {
    const {turns} = this.store.current;
    this.log.replaceChildren();
    this.trouble('');
    this.dress();
    this.list();
    if (turns.length) {
      const reply = await this.server.restore({token: this.documents.token, turns});
      if (reply.error) return this.trouble(reply.error);
      this.log.innerHTML = reply.turns.map((turn) => turn.html).join('');
      this.showRatings();
    }
    const last = this.log.lastElementChild;
    this.dress();
    if (last) {
      this.scroll(last);
      if (await this.follow(last)) return;
    }
    this.view.mark([]);
    const first = this.documents.first();
    if (first) await this.open(...first);
  }

  // Marks a turn's quotes in the document, and shows one, or the first; returns whether there is one.
  async follow(article, number = null) {
    for (const each of this.log.children) each.classList.toggle('iq-followed', each === article);
    const quotes = this.quotesOf(article);
    this.view.mark(quotes);
    const quote = number === null ? quotes[0] : quotes.find((one) => one.number === number);
    if (!quote) return false;
    await this.view.reveal(quote, {focus: number !== null});
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
    if (what === 'copy-quote') await copy(button, this.cited(article, quote));
    if (what === 'copy-proof') await copy(button, JSON.stringify(this.citation(article, quote), null, 2));
    if (what === 'rate') await this.rate(article, button);
  }

  turnOf(article) {
    return this.store.current.turns.find((turn) => turn.id === article.dataset.turn);
  }

  citation(article, quote) {
    const {answer} = this.turnOf(article);
    const all = quote.dataset.kind === 'near' ? answer.near : answer.citations;
    return all.find((one) => String(one.number) === quote.dataset.number);
  }

  cited(article, quote) {
    const one = this.citation(article, quote);
    const place = quote.querySelector('.iq-dot').textContent;
    return `${one.quote}\n\n${one.document_id}, ${place}, characters ${one.start} to ${one.end}, SHA-256 ${one.sha256}`;
  }

  async rate(article, button) {
    const turn = this.turnOf(article);
    const good = button.getAttribute('aria-pressed') === 'true' ? null : button.dataset.good === 'true';
    const before = this.store.current.turns.slice(0, this.store.current.turns.indexOf(turn));
    const history = questions(before, turn.own);
    const reply = await this.server.rate({turn: unrated(turn), history, good});
    if (reply.error) return this.trouble(reply.error);
    turn.rating = good;
    this.store.write();
    this.showRatings();
  }

  showRatings() {
    for (const turn of this.store.current.turns) {
      const buttons = this.log.querySelectorAll(`[data-turn="${turn.id}"] [data-do=rate]`);
      for (const button of buttons) button.setAttribute('aria-pressed', String(turn.rating) === button.dataset.good);
    }
  }

  begin() {
    if (this.store.current.turns.length) this.store.create();
    this.restore();
    this.pane('chat');
    this.question.focus();
  }

  async act(event) {
    const what = event.target.closest('[data-do]')?.dataset.do;
    if (!what) return;
    this.find('#iq-more').open = false;
    this.find('#iq-more summary').focus();
    const {turns} = this.store.current;
    const title = this.nameOf(this.store.current);
    if (what === 'export-json') {
      const answers = turns.map((turn) => turn.answer);
      save('conversation.json', JSON.stringify({format: 'inquote-conversation/1', title, answers}, null, 2));
    }
    if (what === 'export-markdown') {
      const reply = await this.server.markdown({title, turns: turns.map(unrated)});
      if (reply.error) return this.trouble(reply.error);
      save('conversation.md', reply.text);
    }
    if (what === 'clear' && confirm('Clear this conversation? Its answers are kept nowhere else.')) {
      this.store.clear();
      this.restore();
    }
    if (what === 'delete' && confirm('Delete this conversation? Its answers are kept nowhere else.')) {
      this.store.remove();
      this.restore();
    }
  }

  nameOf(conversation) {
    return conversation.turns[0]?.answer.question ?? 'New conversation';
  }

  list() {
    const {conversations, current} = this.store;
    this.find('#iq-conversations').replaceChildren(...conversations.map((one) =>
      new Option(this.nameOf(one), one.id, false, one === current)));
    this.find('#iq-new').disabled = !current.turns.length;
    for (const button of this.find('#iq-more').querySelectorAll('button')) button.disabled = !current.turns.length;
  }

  changed() {
    const own = this.documents.source === 'own';
    this.question.placeholder = own ? 'Ask your documents' : `Ask ${this.about.title}`;
    const first = this.documents.first();
    const {shown} = this.view;
    const gone = shown?.own && !this.documents.own.some((one) => one.id === shown.id);
    if (first && (gone || (shown && shown.own !== own))) this.open(...first);
  }

  dress() {
    this.find('#iq-welcome').hidden = this.log.childElementCount > 0;
    this.find('.iq-send').disabled = this.pending !== null;
  }

  pane(name) {
    this.find('.iq-panes').dataset.shown = name;
    for (const [tab, id] of [['chat', '#iq-to-chat'], ['document', '#iq-to-document']]) {
      this.find(id).setAttribute('aria-selected', tab === name);
      this.find(id).tabIndex = tab === name ? 0 : -1;
    }
    this.view.space();
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

function pendingTurn(question) {
  const article = document.createElement('article');
  article.className = 'iq-turn';
  article.dataset.state = 'pending';
  const asked = Object.assign(document.createElement('h3'), {className: 'iq-asked'});
  const text = Object.assign(document.createElement('span'), {className: 'exact', dir: 'auto', textContent: question});
  const wait = Object.assign(document.createElement('p'), {className: 'iq-wait', textContent: 'Reading the document …'});
  asked.append(text);
  article.append(asked, wait);
  return article;
}

function unfold(button, quote) {
  const open = quote.querySelector('.iq-long').classList.toggle('iq-whole');
  button.setAttribute('aria-expanded', open);
  button.dataset.closed ??= button.textContent;
  button.textContent = open ? 'Show less' : button.dataset.closed;
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
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = button.dataset.said; }, 1500);
}

function save(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'text/plain;charset=utf-8'}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
