// A new conversation is a new value: the folds that the reader opened are opened again, the last
// question comes into view, and the next can be typed (where that opens no keyboard on the screen).
const opened = new Set();
const folds = () => [...element.querySelectorAll('details')];
element.addEventListener('click', (event) => {
  const summary = event.target.closest('summary');
  if (!summary) return;
  const fold = folds().indexOf(summary.parentElement);
  if (!opened.delete(fold)) opened.add(fold);
  requestAnimationFrame(() => summary.parentElement.scrollIntoView({block: 'nearest'}));
});
watch('value', () => {
  folds().forEach((fold, number) => { fold.open = opened.has(number); });
  const last = [...element.querySelectorAll('.iq-turn')].pop();
  if (last) last.scrollIntoView({block: 'start'});
  if (matchMedia('(pointer: fine)').matches) {
    document.querySelector('#iq-question textarea')?.focus({preventScroll: true});
  }
});
