"use strict";

// In a frame that holds the page as text, an address is read as one of the page around it: links
// within this page are followed by hand, and a choice is not kept in the address.
const framed = location.protocol === "about:";
if (framed) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link) return;
    event.preventDefault();
    location.hash = link.getAttribute("href");
  });
}

// Filters and sorts the questions, and keeps the choice in the address, so that it can be shared.
// Without this script every question is shown, misses first.
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const list = document.getElementById("cards");
  const nothing = document.getElementById("nothing");
  const count = document.getElementById("count");
  const noun = form.dataset.noun;
  const facets = [...new Set([...form.querySelectorAll("[type=checkbox]")].map((box) => box.name))];
  const cards = [...list.children].map((element, order) => ({
    element,
    order,
    keys: Object.fromEntries(
      facets.map((facet) => [facet, (element.dataset[facet] || "").split(" ")]),
    ),
    number: (name) => Number(element.dataset[name]),
    words: null,
  }));
  const orders = {
    misses: (one, other) => one.order - other.order,
    set: (one, other) => one.number("set") - other.number("set"),
    confident: (one, other) => other.number("confidence") - one.number("confidence"),
    unsure: (one, other) => one.number("confidence") - other.number("confidence"),
    slow: (one, other) => other.number("seconds") - one.number("seconds"),
  };
  let sorted = "misses";
  let remembering = 0;

  function haystack(card) {
    if (card.words === null) {
      const texts = card.element.querySelectorAll(".exact, bdi");
      card.words = Array.from(texts, (text) => text.textContent).join("\n").toLowerCase();
    }
    return card.words;
  }

  function chosen(facet) {
    const boxes = form.querySelectorAll(`[name="${facet}"]:checked`);
    return new Set(Array.from(boxes, (box) => box.dataset.key));
  }

  function sort() {
    if (form.elements.sort.value === sorted) return;
    sorted = form.elements.sort.value;
    const ordered = [...cards].sort(orders[sorted]);
    const moved = document.createDocumentFragment();
    list.replaceChildren(); // what is nowhere on the page is moved at no cost
    for (const card of ordered) moved.append(card.element);
    list.append(moved);
  }

  function apply() {
    const wanted = facets.map((facet) => [facet, chosen(facet)]).filter(([, keys]) => keys.size);
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let fitting = 0;
    sort();
    for (const card of cards) {
      const fits =
        wanted.every(([facet, keys]) => card.keys[facet].some((key) => keys.has(key))) &&
        words.every((word) => haystack(card).includes(word));
      if (card.element.hidden === fits) card.element.hidden = !fits;
      if (fits) fitting += 1;
    }
    const all = cards.length.toLocaleString("en");
    const shown = fitting === cards.length ? all : `${fitting.toLocaleString("en")} of ${all}`;
    count.textContent = `${shown} ${cards.length === 1 ? noun : `${noun}s`}`;
    nothing.hidden = fitting > 0;
  }

  function state() {
    const params = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value && !(name === "sort" && value === "misses")) params.append(name, value);
    }
    return params.toString();
  }

  // Browsers refuse to note an address too often, as when a person types.
  function remember() {
    if (framed) return;
    clearTimeout(remembering);
    remembering = setTimeout(() => {
      const hash = state();
      if (!hash && !location.hash.includes("=")) return;
      history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
    }, 200);
  }

  function restore() {
    const params = new URLSearchParams(location.hash.slice(1));
    for (const field of form.elements) {
      if (field.type === "checkbox") field.checked = params.getAll(field.name).includes(field.value);
    }
    form.elements.text.value = params.get("text") || "";
    form.elements.sort.value = Object.hasOwn(orders, params.get("sort")) ? params.get("sort") : "misses";
    if (form.elements.sort.selectedIndex < 0) form.elements.sort.value = "misses";
  }

  // An address names either a choice ("#outcome=right") or a place on the page ("#q12").
  function follow() {
    if (location.hash.includes("=")) {
      restore();
      apply();
      document.getElementById("questions").scrollIntoView();
      return;
    }
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.closest("[hidden]")) {
      form.reset();
      apply();
      target.scrollIntoView();
    }
  }

  form.addEventListener("input", () => {
    apply();
    remember();
  });
  form.addEventListener("reset", () => {
    setTimeout(() => {
      apply();
      remember();
    });
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", follow);

  form.hidden = false;
  if (location.hash.includes("=")) follow();
})();
