// What stands where nothing is asked yet: what the document is about, and questions to begin with.
class Welcome {
  constructor(element, {server, documents, ask, show}) {
    Object.assign(this, {element, server, documents, show});
    this.find = (name) => element.querySelector(name);
    this.find('#iq-examples').addEventListener('click', ({target}) => {
      if (target.closest('button')) ask(target.closest('button').textContent);
    });
    this.find('#iq-about').addEventListener('click', ({target}) => {
      const number = target.closest('button')?.textContent;
      if (number) show(this.quotes, this.quotes.find((one) => String(one.number) === number));
    });
  }

  // Tells of what is asked now; of the same as before, nothing is fetched again.
  async draw() {
    const {source, own} = this.documents;
    const state = JSON.stringify([source, source === 'own' ? own.map((one) => one.id) : []]);
    if (this.element.hidden || state === this.state) return;
    this.state = state;
    this.find('[data-title]').textContent = this.documents.title;
    this.fill([], []);
    const reply = await this.server.welcome({own: source === 'own', token: this.documents.token});
    if (state === this.state && !reply.error) this.fill(reply.questions, reply.quotes, source === 'own');
  }

  fill(questions, quotes, own) {
    this.quotes = quotes.map((one) => ({...one, own, key: `about ${one.number}`, answer: [0, 0], kind: 'quote'}));
    this.find('#iq-examples').replaceChildren(...questions.map((text) => listItem(welcomeButton(text))));
    this.find('#iq-about').hidden = !quotes.length;
    const several = own && this.documents.own.length > 1;
    this.find('#iq-about h3').textContent = several && quotes.length ? say('welcome.about_one', {document: quotes[0].document}) : say('welcome.about');
    this.find('#iq-about ol').replaceChildren(...this.quotes.map((one) => {
      const number = welcomeButton(String(one.number));
      number.className = 'iq-number';
      number.setAttribute('aria-label', say('turn.show_quote', {number: one.number}));
      return listItem(number, Object.assign(document.createElement('blockquote'), {
        className: 'exact', dir: 'auto', textContent: one.text}));
    }));
  }
}

const welcomeButton = (textContent) => Object.assign(document.createElement('button'), {type: 'button', textContent});

function listItem(...children) {
  const item = document.createElement('li');
  item.append(...children);
  return item;
}
