// Conversations, kept in this browser alone: `{id, own, turns}`, the newest first.
class Store {
  constructor(corpus) {
    this.key = `inquote.conversations.${corpus}`;
    this.conversations = this.read();
    if (!this.conversations.length) this.create();
    this.current = this.conversations[0];
  }

  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? '[]');
      return kept.filter((one) => typeof one?.id === 'string' && Array.isArray(one.turns));
    } catch {
      return [];
    }
  }

  // Conversations of other tabs are kept as they are; the oldest are dropped if there is no room.
  write(removed = null) {
    const here = new Set(this.conversations.map((one) => one.id));
    const elsewhere = this.read().filter((one) => !here.has(one.id) && one.id !== removed);
    const kept = [...this.conversations, ...elsewhere].filter((one) => one.turns.length);
    for (; ;) {
      try {
        localStorage.setItem(this.key, JSON.stringify(kept));
        return;
      } catch {
        if (kept.length <= 1) return;
        kept.pop();
      }
    }
  }

  create() {
    this.current = {id: uniqueId(), turns: []};
    this.conversations.unshift(this.current);
    return this.current;
  }

  select(id) {
    this.current = this.conversations.find((one) => one.id === id) ?? this.current;
  }

  // Adds a turn to its conversation, which may no longer be the current one, or be deleted.
  append(turn, conversation) {
    if (!this.conversations.includes(conversation)) return;
    conversation.turns.push(turn);
    this.conversations = [conversation, ...this.conversations.filter((one) => one !== conversation)];
    this.write();
  }

  clear() {
    this.current.turns = [];
    this.write(this.current.id);
  }

  remove() {
    const id = this.current.id;
    this.conversations = this.conversations.filter((one) => one.id !== id);
    this.write(id);
    if (this.conversations.length) this.current = this.conversations[0];
    else this.create();
  }
}

function uniqueId() {  // crypto.randomUUID is not there on a plain http page of another machine
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
