// How answers are wanted, beside the question; remembered in this browser.
const SURE = ['sure', 'balanced', 'all'];
const QUOTES = [1, 3, 5];

class AnswerSettings {
  constructor(element, offered) {
    this.element = element;
    this.key = 'inquote.settings';
    element.hidden = !offered;
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
    return {sure: chosen('sure'), quotes: quotes ?? Number(chosen('quotes'))};
  }

  kept() {
    try {
      const {sure, quotes} = JSON.parse(localStorage.getItem(this.key)) ?? {};
      return SURE.includes(sure) && QUOTES.includes(quotes) ? {sure, quotes} : {};
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
    const {sure, quotes} = this.asked();
    this.element.querySelector('[data-chosen]').textContent = say('settings.chosen', {
      sure: say(`settings.chosen_sure.${sure}`), quotes: say(`settings.chosen_quotes.${quotes}`),
    });
  }
}
