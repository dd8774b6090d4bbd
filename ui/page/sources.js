// The choice between the page's corpus and the visitor's documents; it is there once there are some.
class SourceChoice {
  constructor(fieldset, onChange = () => {}) {
    Object.assign(this, {fieldset, onChange});
    fieldset.addEventListener('change', () => this.onChange());
    document.addEventListener('iq-documents', () => this.dress());
    this.dress();
  }

  get own() {
    return !this.fieldset.hidden && this.fieldset.querySelector('[value=own]').checked;
  }

  get token() {
    return chat?.documents.token ?? null;
  }

  // The documents to choose from, or the first of them, and how many there are.
  get listed() {
    const {own, corpus} = chat.documents;
    return this.own ? {documents: own, count: own.length} : corpus;
  }

  dress() {
    const own = chat?.documents.own.length ?? 0;
    const before = this.own;
    this.fieldset.hidden = !own;
    if (chat) this.fieldset.querySelector('[data-corpus]').textContent = chat.about.title;
    if (before !== this.own) this.onChange();
  }
}
