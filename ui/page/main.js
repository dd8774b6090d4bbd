// What the page's components call.
let chat = null;
let review = null;
let questionSet = null;
window.inquote = {
  start: (element, api) => { chat = new Chat(element, api); },
  answered: (told) => told && chat?.answered(told),
  added: (told) => told && chat?.documents.added(told),
  failed: (what) => (what === 'ask' ? chat?.failed() : chat?.documents.failed()),
  startReview: (element, api) => { review = new ReviewPage(element, api); },
  begun: (told) => told && review?.begun(told),
  beginFailed: () => review?.failed(),
  startEvaluate: (element, props) => { questionSet = new QuestionSetChoice(element, props); },
  questionSet: () => questionSet?.sent(),
};
