// Conversations, kept in this browser alone: `{id, turns, waiting, name, pinned, at}`.
// Each question has a key of its own in the browser's storage, and is written by what changes it
// alone: tabs that write at the same time take nothing from one another.
class Store {
  constructor(corpus, {onChange = () => {}, onFull = () => {}} = {}) {
    Object.assign(this, {onChange, onFull});
    this.old = `inquote.conversations.${corpus}`;  // of earlier versions: all in one
    this.turnsAt = `inquote.turn.${corpus}.`;
    this.namesAt = `inquote.conversation.${corpus}.`;
    this.tab = inSession('inquote.tab') ?? inSession('inquote.tab', uniqueId());
    this.conversations = [];
    this.takeOver();
    for (const key of Object.keys(localStorage)) this.take(key, localStorage.getItem(key));
    const shown = inSession(`inquote.shown.${corpus}`);
    this.current = this.conversations.find((one) => one.id === shown) ?? this.latest() ?? this.create();
    addEventListener('storage', (event) => this.heard(event));
    addEventListener('pagehide', () => inSession(`inquote.shown.${corpus}`, this.current.id));
  }

  // Pinned conversations first, then those with the latest questions.
  listed() {
    return [...this.conversations].sort((a, b) =>
      Number(b.pinned) - Number(a.pinned) || this.lastAsked(b) - this.lastAsked(a));
  }

  latest() {
    return [...this.conversations].sort((a, b) => this.lastAsked(b) - this.lastAsked(a))[0];
  }

  lastAsked(conversation) {
    return this.asked(conversation).at(-1)?.asked ?? conversation.at;
  }

  // What has been asked in a conversation, in this order, answered or not yet.
  asked(conversation) {
    return [...conversation.turns, ...conversation.waiting].sort(inOrder);
  }

  create() {
    this.current = Object.assign(this.find(uniqueId()), {at: Date.now()});
    return this.current;
  }

  select(id) {
    this.current = this.conversations.find((one) => one.id === id) ?? this.current;
  }

  // Makes a turn that is not kept the only one of the current conversation.
  alone(turn) {
    this.current = {id: '', turns: [turn], waiting: [], name: '', pinned: false, at: 0};
  }

  find(id) {
    const known = this.conversations.find((one) => one.id === id);
    if (known) return known;
    const fresh = {id, turns: [], waiting: [], name: '', pinned: false, at: 0};
    this.conversations.push(fresh);
    return fresh;
  }

  // Keeps a question that has no answer yet.
  ask(conversation, request) {
    const question = {id: request.id, asked: Date.now(), tab: this.tab, waiting: request};
    placeIn(conversation.waiting, question);
    this.write(this.keyOf(conversation, question.id), question);
  }

  // Keeps an answer in the place of its question; returns false if that was cancelled or deleted.
  answer(conversation, turn) {
    const question = conversation.waiting.find((one) => one.id === turn.id);
    if (!question) return conversation.turns.some((one) => one.id === turn.id);
    dropFrom(conversation.waiting, turn.id);
    placeIn(conversation.turns, {...turn, asked: question.asked});
    this.save(conversation, turn.id);
    return true;
  }

  // Keeps what became of an answer; returns false if it was deleted.
  replace(conversation, turn) {
    const before = conversation.turns.find((one) => one.id === turn.id);
    if (!before) return false;
    placeIn(conversation.turns, {...before, ...turn});
    this.save(conversation, turn.id);
    return true;
  }

  // Forgets a question; returns false if it was answered or forgotten before.
  cancel(conversation, id) {
    if (!conversation.waiting.some((one) => one.id === id)) return false;
    dropFrom(conversation.waiting, id);
    localStorage.removeItem(this.keyOf(conversation, id));
    return true;
  }

  save(conversation, id) {
    const turn = conversation.turns.find((one) => one.id === id);
    if (turn) this.write(this.keyOf(conversation, id), turn);
  }

  // Gives a conversation a name, or pins it.
  describe(conversation, change) {
    Object.assign(conversation, change);
    const {name, pinned} = conversation;
    this.write(`${this.namesAt}${conversation.id}`, {name, pinned});
  }

  // Removes what is shown of the current conversation; returns what brings it back.
  clear() {
    const conversation = this.current;
    const removed = {...conversation};
    for (const {id} of this.asked(conversation)) localStorage.removeItem(this.keyOf(conversation, id));
    Object.assign(conversation, {turns: [], waiting: []});
    return () => this.bringBack(removed);
  }

  remove() {
    const {id} = this.current;
    const undo = this.clear();
    localStorage.removeItem(`${this.namesAt}${id}`);
    dropFrom(this.conversations, id);
    this.current = this.latest() ?? this.create();
    return undo;
  }

  bringBack({id, name, pinned, turns, waiting}) {
    const conversation = this.find(id);
    for (const turn of turns) placeIn(conversation.turns, turn);
    for (const one of waiting) placeIn(conversation.waiting, one);
    for (const one of this.asked(conversation)) this.write(this.keyOf(conversation, one.id), one);
    if (name || pinned) this.describe(conversation, {name, pinned});
    this.current = conversation;
  }

  keyOf(conversation, id) {
    return `${this.turnsAt}${conversation.id}.${id}`;
  }

  // Without room, what is shown stays in this tab, and the reader is told.
  write(key, value) {
    if (!tryToPut(key, value)) this.onFull();
  }

  // Takes what another tab wrote or removed.
  heard({key, newValue, storageArea}) {
    if (storageArea !== localStorage || key === null) return;
    const conversation = newValue === null ? this.lose(key) : this.take(key, newValue);
    if (conversation) this.onChange(conversation);
  }

  take(key, text) {
    const [id, turn] = this.read(key);
    const value = id && fromJson(text);
    if (!value) return null;
    if (turn === undefined) {
      return Object.assign(this.find(id), {name: String(value.name ?? ''), pinned: value.pinned === true});
    }
    if (value.id !== turn || typeof (value.answer ?? value.waiting)?.question !== 'string') return null;
    const conversation = this.find(id);
    dropFrom(conversation.waiting, turn);
    placeIn(value.answer ? conversation.turns : conversation.waiting, {...value, asked: Number(value.asked) || 0});
    return conversation;
  }

  lose(key) {
    const [id, turn] = this.read(key);
    const conversation = this.conversations.find((one) => one.id === id);
    if (!conversation) return null;
    if (turn === undefined) Object.assign(conversation, {name: '', pinned: false});
    dropFrom(conversation.turns, turn);
    dropFrom(conversation.waiting, turn);
    const empty = !conversation.turns.length && !conversation.waiting.length;
    if (empty && conversation !== this.current) dropFrom(this.conversations, id);
    return conversation;
  }

  // Returns the ids of the conversation and of the turn that a key is for.
  read(key) {
    const start = [this.turnsAt, this.namesAt].find((one) => key.startsWith(one));
    const ids = start ? key.slice(start.length).split('.') : [];
    return ids.length === (start === this.turnsAt ? 2 : 1) ? ids : [];
  }

  // Takes over once what an earlier version kept under one key; what finds no room stays there.
  takeOver() {
    const kept = fromJson(localStorage.getItem(this.old) ?? '');
    if (!Array.isArray(kept)) return;
    localStorage.removeItem(this.old);
    const valid = kept.filter((one) => typeof one?.id === 'string' && Array.isArray(one.turns));
    let at = Date.now() - valid.reduce((count, one) => count + one.turns.length, 0);
    const left = valid.reverse().map((one) => ({...one, turns: one.turns.filter((turn) => {
      if (typeof turn?.id !== 'string') return false;
      at += 1;
      return !tryToPut(this.keyOf(one, turn.id), {...turn, asked: at});
    })})).filter((one) => one.turns.length).reverse();
    if (left.length) tryToPut(this.old, left);
  }
}


function tryToPut(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

const inOrder = (a, b) => a.asked - b.asked || (a.id < b.id ? -1 : 1);

function placeIn(list, one) {
  dropFrom(list, one.id);
  list.push(one);
  list.sort(inOrder);
}

function dropFrom(list, id) {
  const at = list.findIndex((one) => one.id === id);
  if (at >= 0) list.splice(at, 1);
}

function fromJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Returns what this tab kept under a key; with a value, keeps that.
function inSession(key, value = null) {
  if (value !== null) sessionStorage.setItem(key, value);
  return sessionStorage.getItem(key);
}

function uniqueId() {  // crypto.randomUUID is not there on a plain http page of another machine
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
