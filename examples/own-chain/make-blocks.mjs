// Whoever runs the chain of votes: counts, signs, and puts each block into the folder.
import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseHash32 } from 'syncline';
import { hashOf } from './rules.mjs';

/** Makes a key and the blocks 0 to `count - 1`. @param {string} path @param {number} count */
export async function makeBlocks(path, count) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  /** Number of votes for each. @type {number[]} */
  const counts = [];
  const made = [];
  let parent = parseHash32(new Uint8Array(32));
  for (let height = 0; height < count; height++) {
    const votes = Array.from({ length: height % 5 }, (_, i) => (height * (i + 3)) % 7);
    for (const candidate of votes) counts[candidate] = (counts[candidate] ?? 0) + 1;
    const stateRoot = hashOf(...counts.flatMap((votesFor, candidate) => [Buffer.of(1, candidate), uint48(votesFor)]));
    const numbers = [uint48(height), uint48(1_767_225_600 + height)];
    const signed = Buffer.concat([...numbers, parent, stateRoot, Buffer.from(votes)]);
    const bytes = Buffer.concat([sign(null, signed, privateKey), signed]);
    await writeFile(`${path}/${height}`, bytes);
    parent = hashOf(bytes);
    made.push({ bytes: new Uint8Array(bytes), hash: parent, stateRoot });
  }
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('hex'), blocks: made };
}

/** @param {number} value */
function uint48(value) {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
}
