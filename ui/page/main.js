// The functions that the page's components call.
let chat = null;
let review = null;
let questionSet = null;
let runs = null;
window.inquote = {
  startShell: (element, props) => new Shell(element, props),
  start: (element, api) => { chat = new Chat(element, api); },
  added: (reply) => reply && chat?.documents.adding.take(reply),
  failed: () => chat?.documents.adding.failed(),
  written: (reply) => reply && chat?.writing.take(reply),
  writingFailed: () => chat?.writing.failed(),
  startReview: (element, api) => { review = new ReviewPage(element, api); },
  begun: (reply) => reply && review?.begun(reply),
  beginFailed: () => review?.failed(),
  startEvaluate: (element, props) => { questionSet = new QuestionSetChoice(element, props); },
  startRuns: (element, server) => { runs = new Runs(element, server); },
  ran: (made) => made && runs?.ran(made),
  questionSet: () => questionSet?.sent(),
};
