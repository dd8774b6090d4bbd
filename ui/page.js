// A new conversation is a new value: the folds that the reader opened are opened again, and the
// last question comes into view.
const opened = new Set();
const folds = () => [...element.querySelectorAll('details')];
element.addEventListener('click', (event) => {
  const summary = event.target.closest('summary');
  if (!summary) return;
  const fold = folds().indexOf(summary.parentElement);
  if (!opened.delete(fold)) opened.add(fold);
});
watch('value', () => {
  folds().forEach((fold, number) => { fold.open = opened.has(number); });
  const last = [...element.querySelectorAll('.iq-turn')].pop();
  if (last) last.scrollIntoView({block: 'start'});
});
