// Making a question set: what answers each question is ticked, or selected in the document.
class ReviewPage {
  constructor(element, {props, server, trigger}) {
    Object.assign(this, {element, server, trigger});
    this.find = (name) => element.querySelector(name);
    this.view = new DocumentView(this.find('.iq-review-document'), {load: (place) => server.text({...place, token: this.sources?.token})});
    this.reply = null;
    this.find('.iq-review-start').addEventListener('submit', (event) => this.begin(event));
    this.find('.iq-review-verdicts').addEventListener('click', (event) => this.judge(event));
    this.find('[data-do=take]').addEventListener('mousedown', (event) => event.preventDefault());
    this.find('[data-do=take]').addEventListener('click', () => this.take());
    this.find('[data-do=save]').addEventListener('click', () => this.save());
    this.find('[data-do=other]').addEventListener('click', () => this.other());
    this.find('.iq-review-shown').addEventListener('change', ({target}) => {
      if (target.value === FIND_ANOTHER) this.search(true);
      else this.open(...chosen(target));
    });
    this.find('.iq-review-find').addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.search(false);
    });
    this.find('.iq-review-candidates').addEventListener('click', (event) => this.look(event));
    // A selection goes when a button is pressed by keyboard elsewhere: the last one is kept.
    document.addEventListener('selectionchange', () => {
      const {anchorNode} = getSelection();
      if (this.view.shown && this.view.sheet.contains(anchorNode)) this.selection = this.view.selected() ?? this.selection;
    });
    this.list = new DocumentList(say('documents.find'), {
      find: (search) => server.documents({...search, own: this.own, token: this.sources.token}),
      row: (one) => [linkButton(one.id, () => this.open(one.id))],
    });
    this.list.onTaken = () => this.list.say(this.list.found ? '' : say('documents.no_match'));
    this.find('.iq-review-find').append(this.list.element);
    this.offer(props.documents, false);
    this.sources = new SourceChoice(this.find('.iq-source-choice'), () => this.choose());
    this.resume();
  }

  choose() {
    if (!this.reply) this.offer(this.sources.listed, this.sources.own);
  }

  // Lists the documents that the questions are about, and shows the first.
  offer({documents, count}, own) {
    this.own = own;
    fillMenu(this.find('.iq-review-shown'), [[say('documents.title'), documents, own]], count > documents.length);
    this.list.show(documents, count);
    if (documents.length) this.open(documents[0].id);
  }

  get token() {
    return sessionStorage.getItem('inquote.review');
  }

  open(id) {
    if (!this.find('.iq-review-find').hidden) this.search(false);
    this.view.show(id, this.own);
    selectIn(this.find('.iq-review-shown'), id, this.own);
  }

  // Opens or closes the search for a document that the menu does not have.
  search(open) {
    this.find('.iq-review-find').hidden = !open;
    const {shown} = this.view;
    if (shown) selectIn(this.find('.iq-review-shown'), shown.id, this.own);
    (open ? this.list.input : this.find('.iq-review-shown')).focus({preventScroll: true});
  }

  async resume() {
    if (!this.token) return;
    const reply = await this.server.resume({token: this.token});
    if (reply.error) sessionStorage.removeItem('inquote.review');
    else this.show(reply);
  }

  async begin(event) {
    event.preventDefault();
    this.trouble('');
    const [file] = this.find('#iq-draft-file').files;
    const text = this.find('#iq-drafts').value;
    if (!file && !text.trim()) return this.trouble(say('review.none'));
    this.find('.iq-review-start .iq-send').disabled = true;
    this.progress(say('review.asking'));
    const {own, token: documents} = this.sources;
    const asked = {text, own, documents: own ? documents : null};
    if (!file) return this.trigger('begin', {...asked, file: null});
    const {token, error} = await sendFile(file);
    if (error) return this.begun({error});
    this.trigger('begin', {...asked, file: {token}});
  }

  // Takes how many questions are asked, and at last the first question to judge.
  begun(reply) {
    if (reply.total !== undefined && reply.token === undefined) {
      return this.progress(say('review.asking_far', {done: reply.done, total: reply.total}), reply);
    }
    this.find('.iq-review-start .iq-send').disabled = false;
    this.find('.iq-review-progress').replaceChildren();
    if (reply.error) return this.trouble(reply.error);
    sessionStorage.setItem('inquote.review', reply.token);
    this.show(reply);
  }

  failed() {
    this.begun({error: say('review.failed')});
  }

  progress(text, reply) {
    const line = Object.assign(document.createElement('p'), {textContent: text});
    const bar = document.createElement('progress');
    bar.setAttribute('aria-label', text);
    if (reply) Object.assign(bar, {value: reply.done, max: reply.total});
    this.find('.iq-review-progress').replaceChildren(line, bar);
  }

  show(reply) {
    if (this.reply?.token !== reply.token) this.offer(reply.documents, reply.own);
    this.reply = reply;
    this.selection = null;
    this.trouble('');
    const {question, left, judged, total} = reply;
    this.find('.iq-review-start').hidden = true;
    this.find('.iq-review-one').hidden = !question;
    this.find('.iq-review-done').hidden = Boolean(question);
    this.find('.iq-review-foot').hidden = false;
    this.find('[data-do=save]').textContent = say('review.save_counted', {count: judged});
    this.find('[data-do=save]').disabled = !judged;
    if (!question) {
      this.find('.iq-review-done p').textContent = say('review.result', {count: judged});
      return this.view.mark([]);
    }
    this.find('.iq-review-count').textContent = say('review.question', {number: total - left + 1, total});
    Object.assign(this.find('.iq-review-bar'), {max: total, value: total - left});
    this.find('.iq-review-question').textContent = question.text;
    const before = question.history.length ? [say('review.asked_after', {questions: question.history.join(' – ')})] : [];
    this.find('.iq-review-reason').textContent = [...before, say('review.reason', {reason: question.reason})].join(' ');
    this.find('[data-verdict=keep]').hidden = !question.judged;
    this.candidates = question.candidates.map((one) => ({...one, ticked: false}));
    this.listed();
    this.find('.iq-review-scroll').scrollTop = 0;
    if (this.candidates.length) this.bring(0, {focus: false});
  }

  listed() {
    const list = this.find('.iq-review-candidates ul');
    list.replaceChildren(...this.candidates.map((one, index) => {
      const item = document.createElement('li');
      item.append(labelled('checkbox', String(index), one.text, one.ticked, 'candidate'));
      const place = document.createElement('button');
      Object.assign(place, {type: 'button', className: 'iq-link', textContent: placeOf(one, index + 1)});
      place.dataset.look = index;
      place.setAttribute('aria-label', say('review.show', {number: index + 1}));
      item.append(place);
      return item;
    }));
    list.onchange = (event) => { this.candidates[Number(event.target.value)].ticked = event.target.checked; };
    this.view.mark(this.candidates.map((one, index) => ({
      key: `candidate ${index}`, document: one.document, own: this.own, start: one.start, end: one.end,
      number: index + 1, kind: 'near',
    })));
  }

  async look(event) {
    const button = event.target.closest('[data-look]');
    if (!button) return;
    await this.bring(Number(button.dataset.look));
  }

  async bring(index, options) {
    const one = this.candidates[index];
    await this.view.reveal({...one, own: this.own, key: `candidate ${index}`}, options);
    selectIn(this.find('.iq-review-shown'), one.document, this.own);
  }

  take() {
    const place = this.view.selected() ?? this.selection;
    if (!place) return this.trouble(say('review.none_selected'));
    this.trouble('');
    const before = this.view.blocks.filter((block) => block.end <= place.start).length;
    const text = textOf(this.view.blocks, place);
    const line = this.candidates.find((one) => one.start === place.start)?.line;
    const there = this.candidates.find((one) => one.document === place.document && one.start === place.start && one.end === place.end);
    if (there) there.ticked = true;
    else this.candidates.unshift({...place, text, line, paragraph: before + 1, ticked: true});
    getSelection().removeAllRanges();
    this.selection = null;
    this.listed();
  }

  async judge(event) {
    const verdict = event.target.closest('[data-verdict]')?.dataset.verdict;
    if (!verdict) return;
    const spans = this.candidates.filter((one) => one.ticked)
      .map(({document, start, end}) => ({document, start, end}));
    const buttons = [...this.find('.iq-review-verdicts').children];
    for (const button of buttons) button.disabled = true;  // a second click means the next question
    const reply = await this.server.judge({token: this.token, question: this.reply.question.id, verdict, spans});
    for (const button of buttons) button.disabled = false;
    if (reply.error) return this.trouble(reply.error);
    this.show(reply);
  }

  async save() {
    const reply = await this.server.made({token: this.token});
    if (reply.error) return this.trouble(reply.error);
    save('questions.jsonl', reply.text);
  }

  other() {
    if (this.reply.judged && !confirm(say('review.leave'))) return;
    sessionStorage.removeItem('inquote.review');
    this.reply = null;
    this.find('.iq-review-start').hidden = false;
    for (const part of ['one', 'done', 'foot']) this.find(`.iq-review-${part}`).hidden = true;
    this.view.mark([]);
    this.choose();
  }

  trouble(text) {
    this.find('.iq-review-trouble').textContent = text;
  }
}

function placeOf({document: name, line, paragraph}, number) {
  return say(line ? 'review.candidate' : 'review.candidate_in', {number, document: name, line, paragraph});
}

function textOf(blocks, {start, end}) {
  return blocks.filter((block) => block.start < end && start < block.end).map((block) => block.text.slice(
    units(block.text, Math.max(0, start - block.start)), units(block.text, Math.min(end, block.end) - block.start))).join('');
}
