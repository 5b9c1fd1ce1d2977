// Opens a data folder, says how that went in one line of JSON, and holds the folder until it is killed.
// Arguments: URL of the built store module, path of the folder.
import { writeSync } from 'node:fs';

const [storeModule, path] = process.argv.slice(2);
const { openFolder } = await import(storeModule);
try {
  await openFolder({ path, identity: 'chain of the tests' });
  writeSync(1, `${JSON.stringify({ held: process.pid })}\n`);
  setInterval(() => {}, 1_000);
} catch (error) {
  writeSync(1, `${JSON.stringify({ code: error.code, pid: error.data?.pid })}\n`);
}
