const IN_SECTION = 16;  // blocks that a browser lays out together when they come into view

// The elements of a document's blocks: headings, lists, tables, code and paragraphs. All text in them
// is put there as text, whole and in order, by `DocumentView.paint`.
class Layout {
  constructor(pages) {
    this.fragment = document.createDocumentFragment();
    this.section = null;
    this.pages = [...pages];
    this.group = null;
  }

  // Adds a block, and returns it with its element.
  add([start, text, kind, level, goesOn, flows, signs = [], cells = []]) {
    while (this.pages.length && this.pages[0][0] <= start) this.append(pageMark(this.pages.shift()[1]));
    const isRow = cells.length > 0 || (kind === 'rule' && this.group?.localName === 'table');
    const element = document.createElement(isRow ? 'tr' : tagOf(kind, level));
    element.className = `iq-block exact iq-${kind || 'paragraph'}`;
    element.dir = 'auto';
    element.classList.toggle('iq-on', goesOn);
    element.classList.toggle('iq-flow', flows);
    if (kind === 'item') this.dressItem(element, text, level, goesOn, signs);
    if (kind === 'rule') element.setAttribute('aria-hidden', 'true');
    this.append(element, isRow ? 'table' : kind === 'item' ? 'ul' : null, goesOn);
    const unit = (place) => units(text, place);
    return {
      start, text, kind, element, end: start + points(text), cells: cells.map(unit),
      signs: signs.map(([from, to, what]) => [unit(from), unit(to), what]),
    };
  }

  // Appends an element, in a list or table with those before it that are of the same.
  append(element, group = null, goesOn = false) {
    if (!group) {
      this.group = null;
      this.place(element, goesOn);
      return;
    }
    if (this.group?.localName !== group) {
      this.group = document.createElement(group);
      const around = document.createElement('div');
      around.className = `iq-group iq-${group}`;
      around.append(this.group);
      this.place(around, false);
    }
    this.group.append(element);
  }

  place(element, goesOn) {
    if (!this.section || (this.section.childElementCount >= IN_SECTION && !goesOn)) {
      this.section = Object.assign(document.createElement('div'), {className: 'iq-section'});
      this.fragment.append(this.section);
    }
    this.section.append(element);
  }

  dressItem(element, text, level, goesOn, signs) {
    element.style.setProperty('--iq-level', Math.min(Math.max(level, 1), 8));
    const hidden = signs.some(([from, , what]) => from === 0 && what === 'sign');
    element.classList.toggle('iq-bullet', !goesOn && (hidden || !/^\s*([-*+•◦▪‣●○■□◆➢✓–\uf0a7\uf0b7]|\(?[\p{L}\p{N}]{1,4}[.)])/u.test(text)));
  }
}

// The cells of a row, which take the pieces of its text.
class Cells {
  constructor({element, cells, kind}) {
    this.starts = cells;
    this.elements = cells.map(() => document.createElement(kind === 'header' ? 'th' : 'td'));
    element.replaceChildren(...this.elements);
  }

  at(place) {
    return this.elements[this.starts.findLastIndex((start) => start <= place)];
  }
}

function tagOf(kind, level) {
  if (kind === 'heading') return `h${Math.min(Math.max(level, 1) + 1, 6)}`;
  return {item: 'li', code: 'pre'}[kind] ?? 'p';
}
