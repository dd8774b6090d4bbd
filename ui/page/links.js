// Links to single answers: to make one, and to read an answer by one.
const Links = {
  // Copies a link to a turn, and says below it who can follow the link.
  async copy(server, turn, article, button) {
    const reply = await server.share({turn: unrated(turn)});
    if (reply.error) return reply.error;
    await copy(button, `${location.origin}${location.pathname}?turn=${reply.link}`);
    const said = Object.assign(document.createElement('p'), {
      className: 'iq-linked',
      textContent: say('turn.linked', {days: reply.days}),
    });
    article.querySelector('.iq-linked')?.remove();
    article.querySelector('.iq-foot').append(said);
    return '';
  },

  // Returns the link that the page was opened with; null if with none.
  opened: () => new URLSearchParams(location.search).get('turn'),

  // Shows the answer of a link alone; nothing can be asked here.
  async show(chat, link) {
    chat.element.dataset.linked = 'true';
    chat.find('#iq-alone').hidden = false;
    const reply = await new LastingCall(() => chat.server.shared({link}), (text) => chat.trouble(text)).reply();
    if (reply.error) return chat.trouble(reply.error);
    chat.store.alone(reply.turn);
    chat.log.replaceChildren(articleFrom(reply.html));
    chat.dress();
    await chat.follow(chat.log.firstElementChild);
  },
};
