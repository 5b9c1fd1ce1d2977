// Answers questions about one key of a database that somebody else writes. Runs as a worker thread or as a child
// process with a channel. Questions: `hold` opens a view and keeps it, `held` reads from it, `fresh` reads from a new
// one, `close` ends. Arguments: URL of the built store module, path of the database.
import { parentPort, workerData } from 'node:worker_threads';

const [storeModule, path] = workerData ?? process.argv.slice(2);
const port = parentPort ?? { postMessage: (answer) => process.send(answer), on: (...args) => process.on(...args) };
const { openLmdb } = await import(storeModule);
const store = openLmdb({ path, readOnly: true });

const read = (view) => view.get('meta', new Uint8Array([1]))?.[0] ?? null;
let held;
const answers = {
  hold: () => {
    held = store.view();
    return read(held);
  },
  held: () => read(held),
  fresh: () => {
    const view = store.view();
    const answer = read(view);
    view[Symbol.dispose]();
    return answer;
  },
};

port.on('message', async (question) => {
  if (question !== 'close') return port.postMessage(answers[question]());
  await store[Symbol.asyncDispose]();
  process.exit();
});
port.postMessage('ready');
