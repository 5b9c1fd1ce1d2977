// Commits batch after batch and says so, until it is killed. Batch n overwrites 200 keys with n, adds part n and
// removes part n - 20. Arguments: URL of the built store module, path of the database.
import { writeSync } from 'node:fs';

const [storeModule, path] = process.argv.slice(2);
const { openLmdb } = await import(storeModule);
const store = openLmdb({ path });

const u32 = (n) => new Uint8Array([n >>> 24, n >>> 16, n >>> 8, n]);
const last = new TextEncoder().encode('last');
const view = store.view();
const found = view.get('meta', last);
view[Symbol.dispose]();

for (let n = found === undefined ? 1 : Buffer.from(found).readUInt32BE() + 1; ; n++) {
  const writes = [{ table: 'meta', key: last, value: u32(n) }];
  for (let at = 0; at < 200; at++) writes.push({ table: 'state', key: u32(Math.imul(at, 2654435761)), value: u32(n) });
  writes.push({ table: 'part', key: u32(n), value: new Uint8Array(20_000).fill(n) });
  writes.push({ table: 'part', key: u32(n - 20), value: null });
  store.commit(writes);
  writeSync(1, `${n}\n`);
}
