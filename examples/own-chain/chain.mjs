// The chain of votes as a node sees it, and a source for it: a folder with a file for each block, named by its height.
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseHeight, SynclineError } from 'syncline';
import { HEADER_BYTES, hashOf, VOTES_MAX } from './rules.mjs';

/** @param {{ publicKey: string }} options @returns {import('syncline').Chain} */
export function votes({ publicKey }) {
  return {
    family: 'votes',
    network: 'local',
    tips: { confirmed: 'counted' },
    identity: `votes:local:${publicKey}`, // a data folder of another key is refused
    rulesModule: new URL('./rules.mjs', import.meta.url), // workers load it
    options: { publicKey },
    createSource: (url) => folderSource(fileURLToPath(url)),
    defaultSources: [],
  };
}

/** @param {string} path @returns {import('syncline').Source} */
export function folderSource(path) {
  let isClosed = false;
  /** @param {AbortSignal} signal */
  const check = (signal) => {
    signal.throwIfAborted();
    if (isClosed) throw new SynclineError('SOURCE_CLOSED', 'caller', 'the source is closed');
  };
  /** The block's bytes, null where there is no such file. @param {number} height @param {AbortSignal} signal */
  const read = async (height, signal) => {
    check(signal);
    // One byte more than a block can have is enough for the rules to refuse it.
    const stream = createReadStream(`${path}/${height}`, { end: HEADER_BYTES + VOTES_MAX, signal });
    try {
      return new Uint8Array(Buffer.concat(await stream.toArray()));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return null;
      throw error;
    }
  };
  return {
    id: `folder:${encodeURI(path)}`,
    standing: 'carrier',
    parts: ['block'],
    limits: { concurrencyMax: 4 },
    async survey({ signal }) {
      check(signal);
      const height = parseHeight((await readdir(path)).length - 1); // there is always genesis
      const bytes = await read(height, signal);
      const head = bytes === null ? null : { height, hash: hashOf(bytes) };
      return { spans: head === null ? [] : [{ from: parseHeight(0), to: height }], head };
    },
    async *fetch({ height, parts }, { signal }) {
      for (const part of parts) {
        const bytes = part === 'block' ? await read(height, signal) : null;
        yield bytes === null ? { type: 'absent', part } : { type: 'bytes', part, bytes };
      }
    },
    async hashAt(height, { signal }) {
      const bytes = await read(height, signal);
      return bytes === null ? null : hashOf(bytes);
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
    },
  };
}
