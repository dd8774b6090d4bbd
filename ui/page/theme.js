// Light or dark: what the reader chose, what the address says, or else as the system has it.
class Theme {
  constructor() {
    this.system = matchMedia('(prefers-color-scheme: dark)');
    this.chosen = this.read() ?? 'system';
    const given = new URLSearchParams(location.search).get('__theme');
    if (['light', 'dark'].includes(given)) this.chosen = given;
    this.apply();
    this.system.addEventListener('change', () => this.apply());
    addEventListener('storage', ({key}) => { if (key === 'inquote.theme') this.take(this.read()); });
    addEventListener('DOMContentLoaded', () => {
      new MutationObserver(() => this.apply()).observe(document.body, {attributeFilter: ['class']});
      this.apply();
    });
  }

  read() {
    try {
      return localStorage.getItem('inquote.theme');
    } catch {  // the browser keeps nothing for this page
      return null;
    }
  }

  choose(name) {
    try {
      localStorage.setItem('inquote.theme', name);
    } finally {
      this.take(name);
    }
  }

  take(name) {
    this.chosen = name ?? 'system';
    this.apply();
  }

  // Gradio reads the class of the body, and sets it by the system alone; the page reads its own.
  apply() {
    const dark = this.chosen === 'dark' || (this.chosen !== 'light' && this.system.matches);
    for (const element of [document.documentElement, document.body]) {
      if (element && element.classList.contains('dark') !== dark) element.classList.toggle('dark', dark);
    }
  }
}

const theme = new Theme();
