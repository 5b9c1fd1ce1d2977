// Commits 1 MiB at a time until a commit fails, then says what failed and what is in the store.
// Arguments: URL of the built store module, path of the database.
import { writeSync } from 'node:fs';

const [storeModule, path] = process.argv.slice(2);
const { openLmdb } = await import(storeModule);
const store = openLmdb({ path });
let committed = 0;
try {
  for (; committed < 64; committed++) {
    store.commit([
      { table: 'part', key: new Uint8Array([committed]), value: new Uint8Array(2 ** 20) },
      { table: 'meta', key: new Uint8Array([1]), value: new Uint8Array([committed + 1]) },
    ]);
  }
} catch (error) {
  writeSync(1, `${JSON.stringify({ code: error.code, fault: error.fault, message: error.message, committed })}\n`);
}
