// The list of conversations to choose from, and what is done with the current one.
class Conversations {
  // `onShow` is called when another conversation, or less of it, is to be shown.
  constructor(element, {store, server, onShow, onTrouble, onRatings}) {
    Object.assign(this, {store, server, onShow, onTrouble, onRatings});
    this.find = (name) => element.querySelector(name);
    this.button.addEventListener('click', () => this.open(this.panel.hidden));
    this.search.addEventListener('input', () => this.fill());
    this.search.addEventListener('keydown', (event) => this.steer(event));
    this.options.addEventListener('click', ({target}) => this.choose(target.closest('[role=option]')));
    this.panel.addEventListener('keydown', (event) => event.key === 'Escape' && this.close());
    this.panel.addEventListener('focusout', ({relatedTarget}) => {
      if (relatedTarget && !this.panel.contains(relatedTarget) && relatedTarget !== this.button) this.open(false);
    });
    document.addEventListener('click', ({target}) => {
      if (!this.panel.contains(target) && !this.button.contains(target)) this.open(false);
    });
    this.find('#iq-more').addEventListener('click', (event) => this.act(event.target.closest('[data-do]')));
    this.panel.addEventListener('click', ({target}) => target.dataset.all && this.saveAll(target.dataset.all));
    this.name.addEventListener('keydown', (event) => this.named(event));
    this.name.addEventListener('blur', () => this.rename(true));
    this.find('#iq-undo button').addEventListener('click', () => this.undo());
  }

  get button() { return this.find('#iq-conversations'); }
  get panel() { return this.find('#iq-kept'); }
  get search() { return this.find('#iq-kept-search'); }
  get options() { return this.find('#iq-kept-list'); }
  get name() { return this.find('#iq-name'); }

  draw() {
    const {current} = this.store;
    this.button.querySelector('span').textContent = nameOf(current);
    this.find('#iq-more [data-do=pin]').textContent = say(current.pinned ? 'conversations.unpin' : 'conversations.pin');
    const empty = !current.turns.length && !current.waiting.length;
    this.find('#iq-new').disabled = empty;
    for (const button of this.find('#iq-more').querySelectorAll('button')) button.disabled = empty;
    if (!this.panel.hidden) this.fill();
  }

  open(open) {
    if (this.panel.hidden !== open) return;
    this.panel.hidden = !open;
    this.button.setAttribute('aria-expanded', open);
    if (!open) return;
    this.search.value = '';
    this.fill();
    this.search.focus();
  }

  close() {
    this.open(false);
    this.button.focus();
  }

  fill() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = this.store.listed().filter((one) => one.turns.length || one.waiting.length);
    const found = words.length ? kept.filter((one) => holdsWords(one, words)) : kept;
    this.options.replaceChildren(...found.map((one, index) => conversationOption(one, index, one === this.store.current)));
    this.find('#iq-kept-none').textContent = found.length ? '' : say(kept.length ? 'conversations.none_found' : 'conversations.none');
    this.find('#iq-kept-all').hidden = !kept.length;
    this.point(this.options.firstElementChild);
  }

  // Makes an option the one that Enter chooses.
  point(option) {
    this.options.querySelector('.iq-pointed')?.classList.remove('iq-pointed');
    option?.classList.add('iq-pointed');
    option?.scrollIntoView({block: 'nearest'});
    if (option) this.search.setAttribute('aria-activedescendant', option.id);
    else this.search.removeAttribute('aria-activedescendant');
  }

  steer(event) {
    if (event.isComposing) return;
    const pointed = this.options.querySelector('.iq-pointed');
    const step = {ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling'}[event.key];
    if (step || event.key === 'Enter') event.preventDefault();
    if (step && pointed?.[step]) this.point(pointed[step]);
    if (event.key === 'Enter') this.choose(pointed);
  }

  choose(option) {
    if (!option) return;
    this.store.select(option.dataset.id);
    this.close();
    this.onShow();
  }

  async act(button) {
    const what = button?.dataset.do;
    if (!what) return;
    this.find('#iq-more').open = false;
    this.find('#iq-more summary').focus();
    const {current} = this.store;
    if (what === 'rename') this.beginRename();
    if (what === 'pin') this.store.describe(current, {pinned: !current.pinned});
    if (what === 'export-json') saveJson('conversation', nameOf(current), [current]);
    if (what === 'export-markdown') this.saveMarkdown('conversation', [current]);
    if (what === 'export-ratings') this.onRatings();
    if (what === 'clear') this.removed(say('conversations.cleared'), this.store.clear());
    if (what === 'delete') this.removed(say('conversations.deleted'), this.store.remove());
    this.draw();
  }

  beginRename() {
    this.name.value = nameOf(this.store.current);
    this.name.hidden = false;
    this.button.hidden = true;
    this.name.focus();
    this.name.select();
  }

  named(event) {
    if (event.isComposing || !['Enter', 'Escape'].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    this.rename(event.key === 'Enter');
    this.button.focus();
  }

  rename(keep) {
    if (this.name.hidden) return;
    this.name.hidden = true;
    this.button.hidden = false;
    const name = this.name.value.trim();
    if (keep) this.store.describe(this.store.current, {name});
    this.draw();
  }

  // Offers for some seconds to bring back what was removed.
  removed(said, undo) {
    this.undone = undo;
    this.find('#iq-undo span').textContent = said;
    this.find('#iq-undo p').hidden = false;
    clearTimeout(this.undoing);
    this.undoing = setTimeout(() => { this.find('#iq-undo p').hidden = true; }, UNDO_MS);
    this.onShow();
  }

  undo() {
    this.find('#iq-undo p').hidden = true;
    this.undone();
    this.onShow();
    this.button.focus();
  }

  saveAll(kind) {
    const kept = this.store.listed().filter((one) => one.turns.length);
    if (kind === 'json') saveJson('conversations', say('conversations.all_title'), kept);
    else this.saveMarkdown('conversations', kept);
  }

  async saveMarkdown(file, conversations) {
    const texts = [];
    const all = conversations.map((one) => ({title: nameOf(one), turns: one.turns.map(unrated)}));
    for (const some of batches(all)) {
      const reply = await this.server.markdown({conversations: some});
      if (reply.error) return this.onTrouble(reply.error);
      texts.push(reply.text);
    }
    save(`${file}.md`, texts.join('\n'));
  }
}

const UNDO_MS = 20_000;
const MOST_ANSWERS = 1000;  // that `inquote verify` takes in one file

function saveJson(file, title, conversations) {
  const all = conversations.flatMap((one) => one.turns.map(({answer}) => ({conversation: nameOf(one), ...answer})));
  for (let at = 0; at < all.length; at += MOST_ANSWERS) {
    const answers = all.slice(at, at + MOST_ANSWERS);
    const number = at ? `-${at / MOST_ANSWERS + 1}` : '';
    save(`${file}${number}.json`, JSON.stringify({format: 'inquote-conversation/1', title, answers}, null, 2));
  }
}

function nameOf({name, turns, waiting}) {
  return name || turns[0]?.answer.question || waiting[0]?.waiting.question || say('conversations.unnamed');
}

// Returns whether all words stand in the questions and the answers of a conversation.
function holdsWords(conversation, words) {
  const texts = conversation.turns.flatMap(({answer}) =>
    [answer.question, answer.text, ...[...answer.citations ?? [], ...answer.near ?? []].map((one) => one.quote)]);
  const asked = conversation.waiting.map((one) => one.waiting.question);
  const text = [nameOf(conversation), ...texts, ...asked].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

function conversationOption(conversation, index, current) {
  const option = document.createElement('li');
  Object.assign(option, {id: `iq-kept-${index}`, className: 'iq-kept-one'});
  option.dataset.id = conversation.id;
  option.setAttribute('role', 'option');
  option.setAttribute('aria-selected', current);
  const name = Object.assign(document.createElement('span'), {
    className: 'exact iq-kept-name', dir: 'auto', textContent: nameOf(conversation)});
  const count = conversation.turns.length + conversation.waiting.length;
  const asked = Math.max(...[...conversation.turns, ...conversation.waiting].map((one) => one.asked));
  const about = [conversation.pinned ? say('conversations.pinned') : '', say('conversations.questions', {count}),
    new Date(asked).toLocaleDateString(STRINGS.language, {day: 'numeric', month: 'short'})].filter(Boolean).join(' · ');
  option.append(name, Object.assign(document.createElement('small'), {textContent: about}));
  return option;
}

function save(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'text/plain;charset=utf-8'}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
