// The visitor's last runs: one is shown, and any two can be compared.
class Runs {
  constructor(element, server) {
    this.server = server;
    this.find = (name) => element.querySelector(name);
    this.find('.iq-runs').addEventListener('toggle', ({target}) => target.open && this.list());
    this.find('ul').addEventListener('change', () => this.dress());
    this.find('.iq-runs').addEventListener('click', (event) => this.pressed(event));
    this.list();
  }

  static get token() {
    return localStorage.getItem('inquote.runs');
  }

  // Shows a run that has just been made.
  async ran({token, run}) {
    localStorage.setItem('inquote.runs', token);
    await this.show(this.server.report({token, run}));
    await this.list();
  }

  async list() {
    if (!Runs.token) return this.draw([]);
    const reply = await this.server.listed({token: Runs.token});
    if (reply.error) return this.trouble(reply.error);
    this.draw(reply.runs);
  }

  // What is ticked stays so.
  draw(runs) {
    const {ticked} = this;
    this.find('.iq-runs').hidden = !runs.length;
    this.find('summary').textContent = say('runs.counted', {count: runs.length});
    this.find('ul').replaceChildren(...runs.map((run) => this.item(run, ticked.includes(run.id))));
    this.dress();
  }

  item({id, name, corpus, figures, made}, checked) {
    const item = document.createElement('li');
    const tick = Object.assign(document.createElement('input'), {type: 'checkbox', value: id, checked});
    tick.setAttribute('aria-label', say('runs.compare_one', {name}));
    const open = Object.assign(document.createElement('button'), {type: 'button', className: 'iq-link exact', dir: 'auto', textContent: name});
    open.dataset.run = id;
    const when = new Date(made).toLocaleString([], {dateStyle: 'medium', timeStyle: 'short'});
    const line = Object.assign(document.createElement('p'), {className: 'iq-eval-soft exact', dir: 'auto', textContent: `${corpus} · ${when} · ${figures}`});
    item.append(tick, open, line);
    return item;
  }

  get ticked() {
    return [...this.find('ul').querySelectorAll(':checked')].map(({value}) => value);
  }

  dress() {
    this.find('[data-do=compare]').disabled = this.ticked.length !== 2;
  }

  async pressed({target}) {
    const {token} = Runs;
    const run = target.closest('[data-run]')?.dataset.run;
    const what = target.closest('[data-do]')?.dataset.do;
    if (run) await this.show(this.server.report({token, run}));
    if (what === 'compare') await this.show(this.server.compared({token, runs: this.ticked}));
    if (what !== 'forget' || !confirm(say('runs.sure'))) return;
    const reply = await this.server.forget({token});
    if (reply.error) return this.trouble(reply.error);
    localStorage.removeItem('inquote.runs');
    this.find('.iq-runs-shown').replaceChildren();
    this.draw([]);
    document.getElementById('iq-set').focus();
  }

  async show(asked) {
    this.trouble('');
    const reply = await asked;
    if (reply.error) return this.trouble(reply.error);
    this.find('.iq-runs-shown').innerHTML = reply.html;
  }

  trouble(text) {
    this.find('.iq-runs-trouble').textContent = text;
  }
}
