// What a reader does with an answer: copies a quote, or asks again in another way.
class TurnActions {
  constructor(chat) {
    this.chat = chat;
    this.tip = chat.find('#iq-exact-tip');
    const {log} = chat;
    for (const event of ['pointerover', 'focusin']) log.addEventListener(event, ({target}) => this.explain(target));
    for (const event of ['pointerout', 'focusout']) {
      log.addEventListener(event, ({relatedTarget}) => { this.tip.hidden ||= relatedTarget !== this.tip; });
    }
    this.tip.addEventListener('pointerleave', () => { this.tip.hidden = true; });
    document.addEventListener('keydown', (event) => { this.tip.hidden ||= event.key === 'Escape'; });
    chat.find('#iq-answers').addEventListener('scroll', () => this.tip.hidden || this.explain(this.explained));
  }

  // Says below "Exact quote" what that means.
  explain(target) {
    const place = target.closest?.('.iq-proof > summary')?.getBoundingClientRect();
    if (!place) return;
    this.explained = target;
    this.tip.hidden = false;
    const {width, height} = this.tip.getBoundingClientRect();
    this.tip.style.left = `${Math.max(8, Math.min(place.left, innerWidth - width - 8))}px`;
    this.tip.style.top = `${place.bottom + height < innerHeight ? place.bottom : place.top - height}px`;
  }

  async press(what, article, button) {
    const quote = button.closest('.iq-quote');
    if (what === 'copy-quote') await copy(button, this.cited(article, quote));
    if (what === 'copy-proof') await copy(button, JSON.stringify(this.citation(article, quote), null, 2));
    if (what === 'actions') this.unfold(article, button);
    if (what === 'edit') this.edit(article);
    if (what === 'retry') this.again(article);
    if (what === 'more-quotes') this.again(article, {quotes: Number(button.dataset.quotes)});
    if (what === 'alone') this.again(article, {history: []});
  }

  unfold(article, button) {
    const actions = article.querySelector('.iq-actions');
    actions.hidden = !actions.hidden;
    button.setAttribute('aria-expanded', !actions.hidden);
    if (!actions.hidden) actions.scrollIntoView({block: 'nearest'});
  }

  edit(article) {
    const {question} = this.chat;
    question.value = this.chat.turnOf(article).answer.question;
    this.chat.grow();
    question.focus();
    question.setSelectionRange(question.value.length, question.value.length);
  }

  // Asks the same of the same documents; it is a turn of its own, so that nothing shown is lost.
  again(article, {quotes = null, history = null} = {}) {
    const {own, documents, answer} = this.chat.turnOf(article);
    this.chat.ask(answer.question, {
      own,
      documents: documents?.length ? documents : null,
      only: null,
      but: [],
      history: history ?? this.chat.questionsBefore(article),
      settings: this.chat.settings.asked(quotes),
    });
  }

  citation(article, quote) {
    const {answer} = this.chat.turnOf(article);
    const all = quote.dataset.kind === 'near' ? answer.near : answer.citations;
    return all.find((one) => String(one.number) === quote.dataset.number);
  }

  cited(article, quote) {
    const citation = this.citation(article, quote);
    return `${citation.quote}\n\n${shortPlace(citation)}`;
  }
}
