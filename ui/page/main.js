// The functions that the page's components call.
let chat = null;
let review = null;
let questionSet = null;
window.inquote = {
  start: (element, api) => { chat = new Chat(element, api); },
  answered: (reply) => reply && chat?.answered(reply),
  added: (reply) => reply && chat?.documents.adding.take(reply),
  failed: (what) => (what === 'ask' ? chat?.failed() : chat?.documents.adding.failed()),
  startReview: (element, api) => { review = new ReviewPage(element, api); },
  begun: (reply) => reply && review?.begun(reply),
  beginFailed: () => review?.failed(),
  startEvaluate: (element, props) => { questionSet = new QuestionSetChoice(element, props); },
  questionSet: () => questionSet?.sent(),
};
