// How answers are wanted, beside the question; remembered in this browser.
const SURE = ['sure', 'balanced', 'all'];
const QUOTES = [1, 3, 5];

class AnswerSettings {
  // `settings` is whether the quotes can be chosen, `llm` the model that writes, if there is one.
  constructor(element, {settings, llm}) {
    this.element = element;
    this.key = 'inquote.settings';
    this.writes = Boolean(llm);
    element.hidden = !settings && !llm;
    element.querySelector('.iq-kind').hidden = !llm;
    for (const one of document.querySelectorAll('.iq-sends')) {
      one.hidden = !llm;
      one.textContent = llm ? say('settings.sends', {model: llm.model, host: llm.host}) : '';
    }
    element.addEventListener('change', () => this.keep());
    for (const [name, value] of Object.entries(this.kept())) {
      const input = element.querySelector(`[name=iq-${name}][value="${value}"]`);
      if (input) input.checked = true;
    }
    this.show();
  }

  // Returns what is chosen; `quotes` in place of so many, if it is given.
  asked(quotes = null) {
    const chosen = (name) => this.element.querySelector(`[name=iq-${name}]:checked`).value;
    const write = this.writes && chosen('write') === 'true';
    return {sure: chosen('sure'), quotes: quotes ?? Number(chosen('quotes')), write};
  }

  kept() {
    try {
      const {sure, quotes, write = false} = JSON.parse(localStorage.getItem(this.key)) ?? {};
      return SURE.includes(sure) && QUOTES.includes(quotes) ? {sure, quotes, write: write === true} : {};
    } catch {
      return {};
    }
  }

  keep() {
    this.show();
    try {
      localStorage.setItem(this.key, JSON.stringify(this.asked()));
    } catch {
      // a full browser does not remember it
    }
  }

  show() {
    const {sure, quotes, write} = this.asked();
    const chosen = say('settings.chosen', {
      sure: say(`settings.chosen_sure.${sure}`), quotes: say(`settings.chosen_quotes.${quotes}`),
    });
    this.element.querySelector('[data-chosen]').textContent = write ? say('settings.chosen_written', {chosen}) : chosen;
  }
}
