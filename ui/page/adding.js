// Files and web pages that are being added, each with its own bar; what is added can be asked at once.
const ADDED_AT_ONCE = 20;  // that are sent before they are read

class Adding {
  // `send` hands files over, and its replies come to `take`; `onReply` gets each, too.
  constructor(element, {send, cancel, about, onReply}) {
    Object.assign(this, {send, cancel, about, onReply});
    this.rows = element.querySelector('.iq-rows');
    this.said = element.querySelector('.iq-said');
    this.waiting = [];
    this.batch = null;
  }

  async bring(files) {
    if (!this.batch) this.clear();
    const {most_bytes: most} = this.about;
    for (const file of files) {
      if (file.size <= most) this.waiting.push(this.row(file.name, {file}));
      else this.say(say('adding.too_large', {name: file.name, size: (file.size / 1e6).toFixed(1), most: most / 1e6}), true);
    }
    await this.run();
  }

  async page(url) {
    if (!this.batch) this.clear();
    this.waiting.push(this.row(url, {url}));
    await this.run();
  }

  // Adds what waits, a batch after the other.
  async run() {
    if (this.batch) return;
    while (this.waiting.length) {
      const pages = this.waiting[0].url ? 1 : this.waiting.findIndex((row) => row.url);
      const rows = this.waiting.splice(0, Math.min(ADDED_AT_ONCE, pages < 0 ? ADDED_AT_ONCE : pages));
      this.batch = {id: uniqueId(), rows: []};
      if (rows[0].url) this.batch.rows = rows;
      else for (const row of rows) await this.upload(row);
      if (this.batch.rows.length) await this.handOver(this.batch);
    }
    this.batch = null;
  }

  async upload(row) {
    if (row.isCancelled) return;
    this.draw(row, 'uploading');
    const {token, error} = await sendFile(row.file);
    if (error) return this.finish(row, error, true);
    if (row.isCancelled) return;
    row.token = token;
    this.draw(row, 'waiting', 0, 1);
    this.batch.rows.push(row);
  }

  handOver(batch) {
    const files = batch.rows.map(({token}) => ({token}));
    this.send({id: batch.id, ...(batch.rows[0].url ? {page: batch.rows[0].url} : {files})});
    return new Promise((resolve) => { batch.done = resolve; });
  }

  // Takes how far the files of the batch are, or what went wrong with all of them.
  take(reply) {
    const {batch} = this;
    if (!batch?.done || (reply.id && reply.id !== batch.id)) return;
    if (!reply.error) this.onReply(reply);
    batch.rows.forEach((row, number) => {
      if (row.isDone) return;
      row.number = number;
      const part = reply.files?.[number] ?? {};
      if (reply.error) this.finish(row, number ? null : reply.error, true);
      else if (part.state === 'added') this.finish(row, say('adding.added', {name: part.name}), false);
      else if (part.state === 'here') this.finish(row, `${part.problem}.`, false);
      else if (part.state === 'failed') this.finish(row, part.problem, true);
      else if (part.state === 'cancelled') this.finish(row, null);
      else if (part.state === 'indexing') this.draw(row, 'preparing', part.done, part.total);
      else if (part.state === 'reading') this.draw(row, row.url ? 'fetching' : 'reading');
    });
    if (reply.error || reply.is_done) batch.done();
  }

  failed() {
    this.take({error: say('adding.failed')});
  }

  row(name, what) {
    const element = Object.assign(document.createElement('div'), {className: 'iq-row'});
    const text = document.createElement('p');
    const bar = document.createElement('progress');
    const row = {...what, name, element, text, bar};
    const button = linkButton(say('ask.cancel'), () => this.stop(row));
    button.setAttribute('aria-label', say('adding.cancel_one', {name}));
    element.append(text, button, bar);
    this.rows.append(element);
    element.scrollIntoView({block: 'nearest'});
    this.draw(row, 'waiting', 0, 1);
    return row;
  }

  draw(row, what, done = null, total = null) {
    const {name} = row;
    row.text.textContent = total > 1 ? say('adding.parts', {name, done, total}) : say(`adding.state.${what}`, {name});
    row.bar.setAttribute('aria-label', say(`adding.label.${what}`, {name}));
    if (total) Object.assign(row.bar, {value: done, max: total});
    else row.bar.removeAttribute('value');
  }

  stop(row) {
    row.isCancelled = true;
    if (row.number !== undefined) this.cancel({id: this.batch.id, file: row.number});
    else if (this.batch?.rows.includes(row)) this.cancel({id: this.batch.id, file: this.batch.rows.indexOf(row)});
    else {
      this.waiting = this.waiting.filter((one) => one !== row);
      this.finish(row, null);
    }
  }

  finish(row, text, isWrong) {
    row.isDone = true;
    const next = row.element.nextElementSibling?.querySelector('button');
    if (row.element.contains(document.activeElement)) next?.focus();
    row.element.remove();
    if (text) this.say(text, isWrong);
  }

  // What was added stands before what went wrong.
  say(textContent, isWrong) {
    const line = Object.assign(document.createElement('p'), {textContent, className: isWrong ? 'iq-wrong' : ''});
    const firstWrong = isWrong ? null : this.said.querySelector('.iq-wrong');
    this.said.insertBefore(line, firstWrong);
    line.scrollIntoView({block: 'nearest'});
  }

  clear() {
    this.said.replaceChildren();
  }
}
