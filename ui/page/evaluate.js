// The question set to evaluate with: a file that is chosen, and sent whenever Run is clicked.
class QuestionSetChoice {
  constructor(element, {suffixes, optional}) {
    this.find = (name) => element.querySelector(name);
    this.find('#iq-set').accept = suffixes.join();
    this.optional = optional;
    this.sources = new SourceChoice(this.find('.iq-source-choice'), () => this.dress());
    this.dress();
    this.find('#iq-set').addEventListener('change', () => this.dress());
    this.find('[data-do=none]').addEventListener('click', () => {
      this.find('#iq-set').value = '';
      this.dress();
      this.find('#iq-set').focus();
    });
  }

  dress() {
    this.find('[data-optional]').hidden = !this.optional || Boolean(this.sources?.own);
    this.find('[data-do=none]').hidden = !this.find('#iq-set').files.length;
  }

  // Gives what the server is told of the documents and of the set, if one is chosen.
  async sent() {
    const {own, token: documents} = this.sources;
    const asked = {own, token: own ? documents : null, runs: Runs.token};
    const [file] = this.find('#iq-set').files;
    if (!file) return asked;
    this.find('[role=status]').textContent = say('evaluate.sending', {name: file.name});
    const {token, error} = await sendFile(file);
    this.find('[role=status]').textContent = '';
    return error ? {error} : {...asked, file: {token}};
  }
}
