// Calls of the server that are made again until they are answered.
const LOOK_EVERY = 700;  // ms between two looks at whether the server is there, while one waits
const HEARTBEAT_MS = 1500;  // ms that such a look may take
const TRY_AFTER = [1000, 2000, 5000];  // ms before the next try; the last one from then on
const MOST_TRIES = 120;  // then only the reader tries again

// A call that `make` makes; `tell` is told what keeps it from its answer, and '' when it goes on.
class LastingCall {
  constructor(make, tell = () => {}) {
    Object.assign(this, {make, over: false, tries: 0, hurry: () => {}});
    this.say = (text) => this.over || tell(text);
    this.cancelled = new Promise((resolve) => { this.cancel = () => resolve(null); });
  }

  // Returns the reply; null if the call was cancelled.
  async reply() {
    const online = () => this.retry();
    addEventListener('online', online);
    const reply = await Promise.race([this.answered(), this.cancelled]);
    this.over = true;
    removeEventListener('online', online);
    return reply;
  }

  async answered() {
    let reply = await this.once();
    while (!this.over && (!reply || reply.again)) {
      await this.back(reply);
      reply = this.over ? null : await this.once();
    }
    return reply;
  }

  // Makes the call, and once more when the server was away; returns nothing if it failed.
  async once() {
    const make = async () => { const reply = await this.make(); return reply.lost ? null : reply; };
    let answer = make();
    let lost = 0;
    this.hurry = () => { answer = Promise.race([answer, make()]); };
    for (;;) {
      const reply = await Promise.race([answer, later(LOOK_EVERY, NOT_YET)]);
      if (reply !== NOT_YET || this.over) return reply;
      const state = await Promise.race([answer.then(() => 'there'), serverState()]);
      if (state === 'there' && lost > 1) this.hurry();
      if (state === 'there' && lost) this.say('');
      if (state !== 'there') this.say(say(`connection.away.${state}`));
      lost = state === 'there' ? 0 : lost + 1;
    }
  }

  // Waits until the server can be called again.
  async back(reply) {
    let state = await serverState();
    this.say(reply?.error ? say('connection.again', {reason: reply.error.replace(/\.$/, '')})
      : say(`connection.away.${state === 'there' ? 'busy' : state}`));
    do {
      await this.wait();
      state = await serverState();
      if (state !== 'there') this.say(say(`connection.away.${state}`));
    } while (state !== 'there' && !this.over);
    if (!reply) this.say('');
  }

  wait() {
    const left = this.tries < MOST_TRIES;
    const wait = TRY_AFTER[Math.min(this.tries, TRY_AFTER.length - 1)];
    this.tries += 1;
    if (!left) this.say(say('connection.gave_up'));
    return new Promise((resolve) => {
      this.hurry = resolve;
      if (left) setTimeout(resolve, wait);
    });
  }

  retry() {
    this.tries = 0;
    this.say('');
    this.hurry();
  }
}

const NOT_YET = Symbol('waiting');

const later = (ms, value) => new Promise((resolve) => { setTimeout(resolve, ms, value); });

// Returns whether the server answers a small request: 'there', 'gone', 'busy' or 'logged_out'.
async function serverState() {
  try {
    const {ok, status} = await fetch('robots.txt', {cache: 'no-store', signal: AbortSignal.timeout(HEARTBEAT_MS)});
    if (ok) return 'there';
    return {401: 'logged_out', 429: 'busy'}[status] ?? 'gone';
  } catch {
    return 'gone';
  }
}

// Makes functions of the server that return an error where no answer comes.
function answering(functions) {
  const error = say('connection.no_reply');
  return Object.fromEntries(Object.keys(functions).map((name) =>
    [name, async (request) => await functions[name](request) ?? {error, lost: true}]));
}
