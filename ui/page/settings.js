// How answers are wanted, beside the question; remembered in this browser.
const SURE = {sure: 'Only sure answers', balanced: 'Balanced', all: 'What may answer'};
const QUOTES = {1: '1 quote', 3: 'up to 3 quotes', 5: '5 quotes'};

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
      return Object.hasOwn(SURE, sure) && Object.hasOwn(QUOTES, quotes) ? {sure, quotes} : {};
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
    this.element.querySelector('[data-chosen]').textContent = `${SURE[sure]}, ${QUOTES[quotes]}`;
  }
}
