// What stands around the tabs: the menu, and the tabs in the browser's history.
class Shell {
  constructor(element, {login}) {
    this.menu = element.querySelector('#iq-menu');
    element.querySelector('[data-logout]').hidden = !login;
    this.listen();
    this.whenThere(() => this.show(this.asked()));
  }

  listen() {
    for (const input of this.menu.querySelectorAll('[name=iq-theme]')) {
      input.addEventListener('change', () => theme.choose(input.value));
    }
    this.menu.addEventListener('toggle', () => this.dress());
    document.addEventListener('click', ({target}) => {
      if (!this.menu.contains(target)) this.menu.open = false;
      if (target.closest?.('#iq-tabs > .tab-wrapper')) setTimeout(() => this.note());
    });
    this.menu.addEventListener('keydown', ({key}) => {
      if (key !== 'Escape' || !this.menu.open) return;
      this.menu.open = false;
      this.menu.querySelector('summary').focus();
    });
    document.addEventListener('focusin', ({target}) => {
      if (!this.menu.contains(target)) this.menu.open = false;
    });
    addEventListener('popstate', () => this.show(this.asked()));
  }

  dress() {
    for (const input of this.menu.querySelectorAll('[name=iq-theme]')) input.checked = input.value === theme.chosen;
  }

  whenThere(act, tries = 300) {
    if (tabButton('ask')) act();
    else if (tries) setTimeout(() => this.whenThere(act, tries - 1), 20);
  }

  // The tab that the address names; the first one where it names none.
  asked() {
    return TABS.find((name) => `#${name}` === location.hash) ?? TABS[0];
  }

  shown() {
    return TABS.find((name) => tabButton(name)?.getAttribute('aria-selected') === 'true');
  }

  show(name) {
    if (this.shown() !== name) tabButton(name)?.click();
  }

  note() {
    const name = this.shown();
    if (!name || name === this.asked()) return;
    history.pushState(null, '', `${location.pathname}${location.search}#${name}`);
  }
}

const TABS = ['ask', 'evaluate', 'review'];
const tabButton = (name) => document.getElementById(`iq-tab-${name}-button`);
