import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { createKeccak } from 'hash-wasm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { compareBytes, concatBytes, fromHex, toHex } from '../../lib/index.ts';
import { createStackTrie } from '../../trie/index.ts';
import { keccak256, starknetKeccak } from '../starknet-keccak.ts';
import { createKeccakHasher, createWasmKeccak, givesKnownKeccaks } from './create-keccak-hasher.ts';
import type { KeccakHasher } from './keccak-hasher.ts';
import { createTypescriptKeccakHasher } from './typescript-keccak-hasher.ts';

const twin = createTypescriptKeccakHasher();
const subjects = [twin, createWasmKeccak()]
  .filter((hasher) => hasher !== null)
  .map((hasher) => [hasher.variant, hasher] as const);

test('this engine runs the kernel', () => {
  expect(createKeccakHasher().variant).toBe('wasm');
});

describe.each(subjects)('%s', (_variant, hasher) => {
  // https://keccak.team/archives.html, known-answer tests of round 3, ShortMsgKAT_256.txt, lengths 0, 8 and 16.
  test.each([
    ['', 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'],
    ['cc', 'eead6dbfc7340a56caedc044696a168870549a6a7f6f56961e84a54bd9970b8a'],
    ['41fb', 'a8eaceda4d47b3281a795ad9e1ea2122b407baf9aabcb9e18b5717b7873537d2'],
  ])('gives the published digest of 0x%s', (message, digest) => {
    expect(toHex(hasher.hash(fromHex(message)))).toBe(`0x${digest}`);
  });

  test('every length up to five blocks hashes as the reference does, alone and in batches', async () => {
    const reference = await createKeccak(256);
    const messages = Array.from({ length: 700 }, (_, length) => messageOf(length, length));
    const digests = messages.map((message) => reference.init().update(message).digest('binary'));
    expect(messages.map((message) => hasher.hash(message))).toEqual(digests.map((digest) => new Uint8Array(digest)));
    expect(toHex(hasher.hashMany(messages))).toBe(toHex(concatBytes(...digests)));
  });

  test('a batch of mixed lengths is its messages one by one', () => {
    const lengths = fc.array(fc.oneof(fc.nat(700), fc.constantFrom(0, 32, 135, 136, 137, 271, 272, 532)), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(lengths, (some) => {
        const messages = some.map((length, i) => messageOf(length, i + 7));
        expect(hasher.hashMany(messages)).toEqual(concatBytes(...messages.map((message) => keccak_256(message))));
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    [1, 3000],
    [32, 2049],
    [136, 7],
    [532, 301],
    [70_000, 3],
  ])('messages of %i bytes in one buffer, %i of them', (messageBytes, count) => {
    const flat = messageOf(messageBytes * count, 1);
    const digests = hasher.hashFixed(flat, messageBytes);
    expect(digests.length).toBe(count * 32);
    for (const i of [0, 1, count >> 1, count - 1]) {
      const message = flat.subarray(i * messageBytes, (i + 1) * messageBytes);
      expect(digests.subarray(i * 32, i * 32 + 32)).toEqual(keccak_256(message));
    }
  });

  test('messages larger than the kernel’s buffer stand among small ones', () => {
    const messages = [40_000, 0, 65_536, 65_537, 30, 200_001, 5].map((length, i) => messageOf(length, i));
    expect(hasher.hashMany(messages)).toEqual(concatBytes(...messages.map((message) => keccak_256(message))));
    expect(hasher.hash(messages[5] as Uint8Array)).toEqual(keccak_256(messages[5] as Uint8Array)); // of seven
  });

  test('no messages hash to nothing', () => {
    expect(hasher.hashMany([])).toEqual(new Uint8Array());
    expect(hasher.hashFixed(new Uint8Array(), 32)).toEqual(new Uint8Array());
  });

  test('in place, from and to any of both memories', () => {
    const { scratch } = hasher;
    const apart = messageOf(2000, 3);
    scratch.set(apart, 1000);
    const expected = keccak_256(apart.subarray(5, 600));
    const out = new Uint8Array(70);
    hasher.hashInto(scratch, 1005, 1600, out, 3);
    expect(out.subarray(3, 35)).toEqual(expected);
    expect(concatBytes(out.subarray(0, 3), out.subarray(35))).toEqual(new Uint8Array(38));
    hasher.hashInto(apart, 5, 600, scratch, 40);
    expect(scratch.slice(40, 72)).toEqual(expected);
    hasher.hashInto(scratch.subarray(1000), 5, 600, scratch, 1004); // over its own beginning
    expect(scratch.slice(1004, 1036)).toEqual(expected);
    expect(scratch.slice(1036, 3000)).toEqual(apart.subarray(36));
  });

  test('what lies in scratch survives other calls', () => {
    const message = messageOf(hasher.scratch.length, 9);
    hasher.scratch.set(message);
    hasher.hashMany([messageOf(65_536, 1), messageOf(100_000, 2)]);
    hasher.hashFixed(messageOf(32 * 2048, 3), 32);
    expect(Buffer.compare(hasher.scratch, message)).toBe(0);
    const digest = new Uint8Array(32);
    hasher.hashInto(hasher.scratch, 0, message.length, digest, 0);
    expect(digest).toEqual(keccak_256(message));
  });

  test('digests are the caller’s to keep', () => {
    const first = hasher.hash(messageOf(3, 1));
    const many = hasher.hashMany([messageOf(3, 1)]);
    hasher.hash(messageOf(3, 2));
    expect(first).toEqual(keccak_256(messageOf(3, 1)));
    expect(many).toEqual(first);
  });

  test('refuses lengths and offsets that do not fit', () => {
    const refused = expect.objectContaining({ code: 'KECCAK_LENGTH', fault: 'caller' });
    const bytes = new Uint8Array(64);
    for (const messageBytes of [0, -1, 1.5, 33, Number.NaN]) {
      expect(() => hasher.hashFixed(bytes, messageBytes)).toThrow(refused);
    }
    for (const [start, end, outStart] of [
      [-1, 5, 0],
      [6, 5, 0],
      [0, 65, 0],
      [0, 5, 33],
      [0, 5, -1],
      [Number.NaN, 5, 0],
    ] as const) {
      expect(() => hasher.hashInto(bytes, start, end, bytes, outStart)).toThrow(refused);
    }
  });

  test('builds a trie in place', () => {
    const leaves = Array.from({ length: 300 }, (_, i) => ({ key: messageOf(32, i), value: messageOf(1 + i, i) }));
    leaves.sort((a, b) => compareBytes(a.key, b.key));
    const [inPlace, plain] = [
      createStackTrie({ keyLength: 32, keccak: hasher.hash, keccakInto: hasher.hashInto, scratch: hasher.scratch }),
      createStackTrie({ keyLength: 32, keccak: keccak_256 }),
    ];
    for (const { key, value } of leaves) {
      inPlace.add(key, value);
      plain.add(key, value);
    }
    expect(toHex(inPlace.root())).toBe(toHex(plain.root()));
  });

  test('serves the keccak functions of Starknet', () => {
    const message = messageOf(200, 4);
    expect(keccak256(message, hasher)).toEqual(keccak256(message));
    expect(starknetKeccak(message, hasher)).toEqual(starknetKeccak(message));
  });
});

test('two hashers do not disturb each other', () => {
  const [one, two] = [createKeccakHasher(), createKeccakHasher()];
  one.scratch.fill(1);
  two.scratch.fill(2);
  expect(one.scratch.every((byte) => byte === 1)).toBe(true);
});

describe('choice at start', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('without WebAssembly the twin serves', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(createKeccakHasher().variant).toBe('typescript');
  });

  test('a hasher with one wrong answer fails the self-test', () => {
    const spoil =
      <Arguments extends readonly unknown[]>(hash: (...from: Arguments) => Uint8Array) =>
      (...from: Arguments): Uint8Array =>
        hash(...from).map((byte, i, { length }) => (i === length - 1 ? byte ^ 1 : byte));
    const spoilt: readonly Partial<KeccakHasher>[] = [{ hash: spoil(twin.hash) }, { hashMany: spoil(twin.hashMany) }];
    expect(givesKnownKeccaks(twin)).toBe(true);
    for (const wrong of spoilt) expect(givesKnownKeccaks({ ...twin, ...wrong })).toBe(false);
  });
});

/** Bytes that look random, the same for the same arguments. */
function messageOf(length: number, seed: number): Uint8Array {
  const out = new Uint8Array(length);
  let word = Math.imul(seed + 1, 0x9e3779b1);
  for (let i = 0; i < length; i++) {
    word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    out[i] = word >>> 24;
  }
  return out;
}
