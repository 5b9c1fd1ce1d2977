// The rules of a chain of votes. A block brings votes, one byte each for who is voted for, and is signed by the one key
// that the chain was made with. Pure: the same bytes and the same state always lead to the same verdict.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { parseHash32, SynclineError } from 'syncline';

/** A block: signature 64 | height 6 | Unix time in seconds 6 | parent's hash 32 | state root 32 | votes. Big-endian. */
export const HEADER_BYTES = 140;
export const VOTES_MAX = 1024;
/** First byte of the keys in the state: this, then who is voted for. Value: number of votes 6. */
const COUNTS = 0x01;

/**
 * What workers call, with the chain's `options`.
 * @param {{ publicKey: string }} options Key of the chain, DER as hex
 * @returns {import('syncline').ChainRules}
 */
export function createRules({ publicKey }) {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'hex'), format: 'der', type: 'spki' });
  return {
    needs: (height) => [{ height, part: 'block', weight: 'seal' }],
    examine({ height, candidates }) {
      const candidate = candidates.find(({ part }) => part === 'block');
      if (candidate === undefined) return { type: 'needs', needs: [{ height, part: 'block', weight: 'seal' }] };
      const bytes = Buffer.from(candidate.bytes);
      const votes = bytes.length - HEADER_BYTES;
      if (votes < 0 || votes > VOTES_MAX) throw rejected('length', `${HEADER_BYTES} and votes`, bytes.length);
      const signature = bytes.subarray(0, 64);
      const isSigned = verify(null, bytes.subarray(64), key, signature);
      if (!isSigned) throw rejected('signature', 'one by the key of the chain', signature.toString('hex'));
      const stated = bytes.readUIntBE(64, 6);
      if (stated !== height) throw rejected('height', height, stated);
      const block = {
        ref: { height, hash: hashOf(bytes) },
        parent: parseHash32(new Uint8Array(bytes.subarray(76, 108))), // the engine compares it with the block below
        stateRoot: parseHash32(new Uint8Array(bytes.subarray(108, 140))), // and this with what `commitState` returns
        timestampS: bytes.readUIntBE(70, 6),
        protocolVersion: '1',
        proofs: { block: 'signature', state: 'state-root' },
        parts: { block: new Uint8Array(bytes) },
        index: [],
        counts: { votes },
        late: [],
        from: { block: candidate.from },
      };
      return { type: 'sealed', block: /** @type {any} */ (block) }; // verified: all checks have passed
    },
    execute(state, { parts }) {
      for (const candidate of parts.block?.subarray(HEADER_BYTES) ?? []) {
        const count = Buffer.from(state.get(Uint8Array.of(COUNTS, candidate)) ?? new Uint8Array(6));
        count.writeUIntBE(count.readUIntBE(0, 6) + 1, 0, 6);
        state.set(Uint8Array.of(COUNTS, candidate), count);
      }
    },
    // Hashes all counts anew, 256 at most. A large state wants a trie that follows the keys of `changed`.
    commitState: (view) => ({ writes: [], root: hashOf(...[...view.range('state', {})].flat()), hashes: 1 }),
  };
}

/** sha256 of all of it, one after the other. @param {Uint8Array[]} pieces */
export function hashOf(...pieces) {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return parseHash32(new Uint8Array(hash.digest()));
}

/**
 * Fault `peer`: whoever delivered this is to blame.
 * @param {string} check
 * @param {string | number} expected
 * @param {string | number} got
 */
function rejected(check, expected, got) {
  const data = { check, expected, got, parts: ['block'] };
  return new SynclineError('BLOCK_REJECTED', 'peer', `the block fails the check ${check}`, { data });
}
