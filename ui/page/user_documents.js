// The choice of what to ask: the page's corpus, or all or some of the visitor's documents.
class UserDocuments {
  constructor(element, {server, add, about, onShow, onChange}) {
    Object.assign(this, {server, add, about, onShow, onChange});
    this.find = (name) => element.querySelector(name);
    this.corpus = {title: about.title, documents: [], count: 0};
    this.own = [];
    this.source = 'corpus';
    this.unchecked = new Set();
    this.find('#iq-documents').addEventListener('click', () => this.open(this.find('#iq-user-documents').hidden));
    this.find('#iq-shown').addEventListener('change', (event) => this.onShow(...chosen(event.target)));
    this.find('#iq-sources').addEventListener('change', (event) => this.choose(event.target));
    this.find('#iq-sources').addEventListener('click', (event) => this.remove(event));
    this.find('#iq-files').addEventListener('change', (event) => {
      this.bring([...event.target.files]);
      event.target.value = '';
    });
    const pane = this.find('#iq-document-view');
    pane.addEventListener('dragover', (event) => {
      if (!event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      this.open(true);
    });
    pane.addEventListener('drop', (event) => {
      event.preventDefault();
      this.bring([...event.dataTransfer.files]);
    });
  }

  get token() {
    return sessionStorage.getItem('inquote.token');
  }

  open(open) {
    this.find('#iq-user-documents').hidden = !open;
    this.find('#iq-documents').setAttribute('aria-expanded', open);
  }

  async start() {
    const reply = await this.server.user_documents({token: this.token});
    if (reply.error) return this.say([reply.error]);
    this.corpus = reply.corpus;
    this.take(reply);
    if (this.own.length && sessionStorage.getItem('inquote.source') === 'own') this.source = 'own';
    this.draw();
  }

  take(reply) {
    this.own = reply.own;
    if (reply.token) sessionStorage.setItem('inquote.token', reply.token);
    if (!this.own.length) this.source = 'corpus';
  }

  // Returns the documents that the next question is about; null for all.
  asked() {
    const own = this.source === 'own';
    const all = own ? this.own : this.corpus.documents;
    const ids = all.map((one) => one.id).filter((id) => !this.unchecked.has(keyOf(own, id)));
    return {own, documents: ids.length === all.length ? null : ids};
  }

  first() {
    const own = this.source === 'own';
    const id = this.asked().documents?.[0] ?? (own ? this.own : this.corpus.documents)[0]?.id;
    return id === undefined ? null : [id, own];
  }

  choose(input) {
    if (input.type === 'radio') this.source = input.value;
    else if (input.checked) this.unchecked.delete(input.value);
    else this.unchecked.add(input.value);
    if (input.type === 'checkbox') this.source = input.dataset.source;
    this.draw();
    this.onChange();
  }

  async remove(event) {
    const button = event.target.closest('[data-remove]');
    if (!button) return;
    const reply = await this.server.remove({token: this.token, document: button.dataset.remove});
    if (reply.error) return this.say([reply.error]);
    this.take(reply);
    this.say([], [`${button.dataset.remove} is removed.`]);
    this.draw();
    this.onChange();
  }

  async bring(files) {
    if (!files.length || this.busy) return;
    this.open(true);
    const {most_bytes: most} = this.about;
    const large = files.filter((file) => file.size > most).map((file) =>
      `${file.name} has ${(file.size / 1e6).toFixed(1)} MB; the most is ${most / 1e6} MB.`);
    const small = files.filter((file) => file.size <= most);
    if (!small.length) return this.say(large);
    this.busy = true;
    this.problems = large;
    const sent = [];
    for (const [index, file] of small.entries()) {
      this.progress(`Uploading ${file.name}`, index, small.length);
      const {token, error} = await sendFile(file);
      if (error) this.problems.push(error);
      else sent.push({token});
    }
    if (!sent.length) {
      this.busy = false;
      return this.say(this.problems);
    }
    this.progress('Reading', null);
    this.add({token: this.token, files: sent});
  }

  // Takes the progress or the result of adding the files that were sent.
  added(reply) {
    if (reply.error) {
      this.busy = false;
      return this.say([...this.problems, reply.error]);
    }
    if (reply.total === 0) return;  // still reading
    if (reply.total !== undefined) return this.progress('Indexing passages', reply.done, reply.total);
    this.busy = false;
    const before = new Set(this.own.map((one) => one.id));
    this.take(reply);
    const fresh = this.own.filter((one) => !before.has(one.id));
    if (fresh.length) this.source = 'own';
    this.say([...this.problems, ...reply.problems], fresh.map((one) => `${one.id} is added.`));
    this.draw();
    if (fresh.length) this.onShow(fresh[0].id, true);
    this.onChange();
  }

  failed() {
    this.busy = false;
    this.say(['The files could not be sent: the server is busy, or is not there. Try again.']);
  }

  progress(what, done, total) {
    const bar = document.createElement('progress');
    bar.setAttribute('aria-label', what);
    if (done !== null) Object.assign(bar, {value: done, max: total});
    const line = document.createElement('p');
    line.textContent = done === null ? `${what} …` : `${what}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
    this.find('#iq-adding').replaceChildren(line, bar);
  }

  say(wrong, well = []) {
    const line = (textContent, className) => Object.assign(document.createElement('p'), {textContent, className});
    this.find('#iq-adding').replaceChildren(
      ...well.map((text) => line(text, '')), ...wrong.map((text) => line(text, 'iq-wrong')));
  }

  draw() {
    sessionStorage.setItem('inquote.source', this.source);
    const {title, documents, count} = this.corpus;
    this.find('#iq-sources').replaceChildren(this.find('#iq-sources legend'),
      this.group('corpus', title, count > documents.length ? [] : documents, false),
      ...(this.own.length ? [this.group('own', 'Your documents', this.own, true)] : []));
    const options = [[title, documents, false], ['Your documents', this.own, true]];
    const shown = this.find('#iq-shown');
    const before = shown.value;
    shown.replaceChildren(...options.filter(([, list]) => list.length).map(([label, list, own]) => {
      const group = Object.assign(document.createElement('optgroup'), {label});
      group.append(...list.map((one) => new Option(one.id, keyOf(own, one.id))));
      return group;
    }));
    if ([...shown.options].some((option) => option.value === before)) shown.value = before;
    const asked = this.source === 'own' ? this.own.length : count;
    this.find('#iq-documents').textContent = asked > 1 ? `Documents (${asked})` : 'Documents';
  }

  group(source, title, documents, removable) {
    const group = document.createElement('div');
    group.className = 'iq-source';
    group.append(labelled('radio', source, title, this.source === source, source));
    if (documents.length > 1 || removable) {
      const list = document.createElement('ul');
      list.append(...documents.map((one) => {
        const item = document.createElement('li');
        const key = keyOf(source === 'own', one.id);
        item.append(labelled('checkbox', key, one.id, !this.unchecked.has(key), source));
        if (removable) {
          const button = document.createElement('button');
          Object.assign(button, {type: 'button', className: 'iq-link', textContent: 'Remove'});
          button.dataset.remove = one.id;
          button.setAttribute('aria-label', `Remove ${one.id}`);
          item.append(button);
        }
        return item;
      }));
      group.append(list);
    }
    return group;
  }

  // Selects the document that is open in the list.
  shows(id, own) {
    this.find('#iq-shown').value = keyOf(own, id);
  }
}

const keyOf = (own, id) => `${own ? 'own' : 'corpus'}:${id}`;

function chosen(select) {
  const [source, ...rest] = select.value.split(':');
  return [rest.join(':'), source === 'own'];
}

function labelled(type, value, text, checked, source) {
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), {type, value, checked});
  if (type === 'radio') input.name = 'iq-source';
  input.dataset.source = source;
  const shown = Object.assign(document.createElement('span'), {textContent: text, className: 'exact', dir: 'auto'});
  label.append(input, shown);
  return label;
}
