// Answers that a language model writes: they come statement by statement, one answer at a time.
const LOST_MS = 20_000;  // without a sign of life

class Writing {
  constructor(chat) {
    this.chat = chat;
    this.all = [];  // {request, conversation}: the first one is being written
    const light = ({target}) => this.light(target);
    const dim = ({relatedTarget}) => this.light(relatedTarget);
    for (const event of ['pointerover', 'focusin']) chat.log.addEventListener(event, light);
    for (const event of ['pointerout', 'focusout']) chat.log.addEventListener(event, dim);
  }

  // Has an answer written that is shown in quotes.
  begin(request, conversation) {
    this.all.push({request, conversation});
    this.dress();
    if (this.all.length === 1) this.send();
  }

  send() {
    const [first] = this.all;
    if (!first) return;
    this.chat.write({...first.request, token: this.chat.documents.token});
  }

  // Notes a sign of life.
  seen() {
    clearTimeout(this.lost);
    this.lost = setTimeout(() => this.failed(), LOST_MS);
  }

  // Takes what is written so far.
  take(reply) {
    const [first] = this.all;
    if (!first || (reply.id && reply.id !== first.request.id)) return;
    this.seen();
    if (reply.turn && !this.chat.store.replace(first.conversation, reply.turn)) return this.stop(first.request.id);
    if (reply.turn) this.lay(reply);
    if (reply.error) this.chat.trouble(reply.error);
    if (reply.is_done) this.end(first.request.id);
  }

  failed() {
    const [first] = this.all;
    if (!first) return;
    this.chat.trouble(say('written.lost'));
    this.stop(first.request.id);
  }

  // Stops at once; what is written stays.
  stop(id) {
    this.chat.server.stop_writing({id});
    this.end(id);
  }

  end(id) {
    const at = this.all.findIndex((one) => one.request.id === id);
    if (at < 0) return;
    this.all.splice(at, 1);
    const line = this.chat.turnLog.articleOf(id)?.querySelector('.iq-writing');
    if (line?.contains(document.activeElement)) this.chat.question.focus({preventScroll: true});
    line?.remove();
    this.busy();
    this.chat.feedback.show();
    if (at > 0) return;
    clearTimeout(this.lost);
    this.send();
  }

  // Puts what is new into the turn, and nothing else, so that a reader's place in it stays.
  lay({turn, html}) {
    const article = this.chat.turnLog.articleOf(turn.id);
    if (!article) return;
    const fresh = articleFrom(html);
    const body = article.querySelector('.iq-body');
    const active = body.contains(document.activeElement) ? document.activeElement : null;
    const number = active?.closest('.iq-quote')?.dataset.number;
    article.dataset.written = fresh.dataset.written;
    body.replaceWith(fresh.querySelector('.iq-body'));
    if (number) article.querySelector(`.iq-quote[data-number="${number}"] .iq-number`)?.focus({preventScroll: true});
    const [found, foundNow] = [article, fresh].map((one) => one.querySelector('.iq-found'));
    foundNow.open = found.open;
    found.replaceWith(foundNow);
    if (article.classList.contains('iq-followed')) this.chat.view.mark(this.chat.quotesOf(article));
  }

  // Says in each turn that waits for a model that it does.
  dress() {
    for (const {request: {id}} of this.all) {
      const article = this.chat.turnLog.articleOf(id);
      if (!article?.querySelector('.iq-body') || article.querySelector('.iq-writing')) continue;
      const line = Object.assign(document.createElement('p'), {className: 'iq-writing'});
      const stop = Object.assign(document.createElement('button'), {
        type: 'button', className: 'iq-quiet', textContent: say('written.stop')});
      stop.addEventListener('click', () => this.stop(id));
      line.append(Object.assign(document.createElement('span'), {
        className: 'iq-wait', textContent: say('written.writing')}), stop);
      article.querySelector('.iq-body').before(line);
    }
    this.busy();
  }

  // A screen reader announces an answer when it is whole.
  busy() {
    this.chat.log.setAttribute('aria-busy', String(this.chat.pending !== null || this.all.length > 0));
  }

  // Lights the quotes that a statement, or one of its numbers, is about.
  light(target) {
    const {log, view} = this.chat;
    const statement = target?.closest?.('.iq-statement');
    const turn = statement?.closest('.iq-turn');
    const numbers = (target?.closest?.('.iq-cite')?.dataset.number ?? statement?.dataset.cites ?? '').split(' ');
    for (const quote of log.querySelectorAll('.iq-quote')) {
      quote.classList.toggle('iq-lit', quote.closest('.iq-turn') === turn && numbers.includes(quote.dataset.number));
    }
    view.light(turn ? numbers.map((number) => `${turn.dataset.turn} ${number}`) : []);
  }

  // Goes to a quote of a statement, and shows it in the document.
  async cite(article, number) {
    const quote = this.chat.quoteOf(`${article.dataset.turn} ${number}`);
    quote?.querySelector('.iq-number')?.focus();
    await this.chat.follow(article, number, {focus: false});
  }

  // Copies a statement with the places of its quotes.
  async copy(article, button) {
    const statement = button.closest('.iq-statement');
    const numbers = statement.dataset.cites.split(' ');
    const {citations} = this.chat.turnOf(article).answer;
    const places = citations.filter((one) => numbers.includes(String(one.number)))
      .map((one) => `[${one.number}] ${shortPlace(one)}`);
    const marks = numbers.map((number) => `[${number}]`).join('');
    await copy(button, `${statement.querySelector('.exact').textContent} ${marks}\n\n${places.join('\n')}`);
  }
}

// Returns where a quote stands, in short.
function shortPlace({title, page, line}) {
  return page === null ? say('place.in_line', {title, number: line}) : say('place.in_page', {title, number: page});
}
