// A question that has no answer yet, as a turn that says how it is getting on.
class WaitingTurn {
  // `retry` and `cancel` are what its buttons do.
  constructor(question, {retry, cancel}) {
    this.article = document.createElement('article');
    this.article.className = 'iq-turn';
    Object.assign(this.article.dataset, {state: 'pending', turn: question.id});
    const asked = Object.assign(document.createElement('h3'), {className: 'iq-asked'});
    asked.append(Object.assign(document.createElement('span'), {
      className: 'exact', dir: 'auto', textContent: question.waiting.question}));
    this.line = document.createElement('p');
    this.acts = Object.assign(document.createElement('p'), {className: 'iq-again'});
    this.acts.append(waitingAct(say('ask.retry'), retry), waitingAct(say('ask.cancel'), cancel));
    this.article.append(asked, this.line, this.acts);
    this.say('');
  }

  // Says what keeps the question from its answer; nothing does if the text is empty.
  say(text) {
    this.line.className = text ? 'iq-away' : 'iq-wait';
    this.line.textContent = text || say('ask.reading');
    this.acts.hidden = !text;
  }
}

function waitingAct(textContent, act) {
  const button = Object.assign(document.createElement('button'), {type: 'button', className: 'iq-quiet', textContent});
  button.addEventListener('click', act);
  return button;
}

// The turns of the current conversation on the page, in the order in which they were asked.
class TurnLog {
  constructor(element) {
    this.element = element;
  }

  articleOf(id) {
    return [...this.element.children].find((one) => one.dataset.turn === id);
  }

  // Puts one turn in the place of an earlier form of it.
  put(id, article) {
    const before = this.articleOf(id);
    if (before) before.replaceWith(article);
    else this.element.append(article);
  }

  // Puts the turns with these ids in order, and removes the others but for hints.
  order(ids) {
    for (const article of [...this.element.children]) {
      if (article.dataset.state !== 'hint' && !ids.includes(article.dataset.turn)) article.remove();
    }
    let at = this.element.firstElementChild;
    for (const article of ids.map((id) => this.articleOf(id)).filter(Boolean)) {
      while (at?.dataset.state === 'hint') at = at.nextElementSibling;
      if (article === at) at = at.nextElementSibling;
      else this.element.insertBefore(article, at);
    }
  }
}

function articleFrom(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content.firstElementChild;
}

const MOST_AT_ONCE = 400_000;  // characters in one request

// Cuts turns or conversations into lists that are small enough for one request each.
function batches(all) {
  const lists = [];
  let room = 0;
  for (const one of all) {
    const size = JSON.stringify(one).length;
    if (size > room) {
      lists.push([]);
      room = MOST_AT_ONCE;
    }
    lists.at(-1).push(one);
    room -= size;
  }
  return lists;
}
