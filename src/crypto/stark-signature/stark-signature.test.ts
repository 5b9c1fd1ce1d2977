import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Point } from '@scure/starknet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../test/vectors/locate.ts';
import { concatBytes, toHex } from '../../lib/index.ts';
import { createFeltHasher, createStarkVerifier, signStark, starkPublicKeyX, verifyStarkSignature } from '../index.ts';
import { feltOf, P, randomFelts } from '../testing/felt-samples.ts';

const dir = vectorsDir();
const N = Point.Fn.ORDER;

/** Sequencer keys as the feeder gateway's `get_public_key` gives them. */
const sequencerKeys = {
  mainnet: '0x48253ff2c3bed7af18bde0b611b083b39445959102d4947c51c4db6aa4f4e58',
  sepolia: '0x1252b6bce1351844c677869c6327e80eae1535755b611c66b8f46e595b40eea',
  'sepolia-integration': '0x4e4856eb36dbd5f4a7dca29f7bb5232974ef1fb7eb5b597c58077174c294da1',
  integration: '0x52934be54ce926b1e715f15dc2542849a97ecfdf829cd0b7384c64eeeb2264e',
};

/** A gateway answer: the message is the block hash, or in the old format the hash of two values. */
interface BlockSignature {
  readonly signature: readonly [string, string];
  readonly block_hash?: string;
  readonly signature_input?: { readonly block_hash: string; readonly state_diff_commitment: string };
}

describe.skipIf(dir === null)('published signatures', () => {
  test.each(Object.entries(sequencerKeys))('every captured block signature of %s is valid', (network, key) => {
    const folder = join(dir ?? '', 'starknet', network, 'signature');
    const verify = createStarkVerifier({ publicKeyX: felt(key) });
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      const answer: BlockSignature = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      const [r, s] = answer.signature.map(felt) as [Uint8Array, Uint8Array]; // a pair in every capture
      expect(verify({ messageHash: messageOf(answer), r, s }), file).toBe(true);
      expect(verify({ messageHash: r, r, s }), file).toBe(false);
    }
  });

  test('public keys are those of the precomputed list', () => {
    const text = readFileSync(join(dir ?? '', 'starknet/crypto/keys_precomputed.json'), 'utf8');
    for (const [privateKey, publicKey] of Object.entries<string>(JSON.parse(text))) {
      expect(toHex(starkPublicKeyX(felt(privateKey)))).toBe(toHex(felt(publicKey)));
    }
  });
});

type Signed = Parameters<typeof verifyStarkSignature>[0];

/** Alone, each is verified by the curve library; prepared, by the kernel. */
describe.each<[string, (signed: Signed) => boolean]>([
  ['alone', verifyStarkSignature],
  ['prepared', (signed) => createStarkVerifier(signed)(signed)],
])('a signature made here, verified %s,', (_name, verify) => {
  const privateKey = feltOf(0x1234_5678_9abcn);
  const publicKeyX = starkPublicKeyX(privateKey);
  const messageHash = randomFelts('message', 1);
  const signature = signStark({ messageHash, privateKey });
  const good = { ...signature, messageHash, publicKeyX };

  test('is valid and the same every time', () => {
    expect(verify(good)).toBe(true);
    expect(signStark({ messageHash, privateKey })).toEqual(signature);
  });

  test.each([0n, 1n, 2n ** 251n - 1n, 0xfffn, 2n ** 247n + 5n])('is valid for the message %i', (value) => {
    const message = feltOf(value);
    expect(verify({ ...signStark({ messageHash: message, privateKey }), messageHash: message, publicKeyX })).toBe(true);
  });

  test('also verifies with s negated, as the key has no sign', () => {
    expect(verify({ ...good, s: feltOf(N - integer(good.s)) })).toBe(true);
  });

  test('is not valid with anything changed', () => {
    for (const name of ['r', 's', 'messageHash', 'publicKeyX'] as const) {
      const changed = Uint8Array.from(good[name]);
      changed[31] = (changed[31] as number) ^ 1; // 32 bytes
      expect(verify({ ...good, [name]: changed }), name).toBe(false);
    }
  });

  test.each<[string, Partial<Signed>]>([
    ['r = 0', { r: feltOf(0n) }],
    ['s = 0', { s: feltOf(0n) }],
    ['r + N', { r: feltOf(integer(good.r) + N) }],
    ['s + N', { s: feltOf(integer(good.s) + N) }],
    ['r = N', { r: feltOf(N) }],
    ['a message of 2^251', { messageHash: feltOf(2n ** 251n) }],
    ['a message raised by N', { messageHash: feltOf(integer(good.messageHash) + N) }],
    ['a key above P', { publicKeyX: feltOf(P + integer(good.publicKeyX)) }],
    ['a key that is no x on the curve', { publicKeyX: feltOf(xOffCurve()) }],
  ])('%s is refused', (_, change) => {
    expect(verify({ ...good, ...change })).toBe(false);
  });

  // Whoever has the key can choose the multiples of G and of Q: here they are 0, equal and opposite points.
  test.each([1n, 2n, 3n, N - 1n, (N + 1n) / 2n, 0x1234_5678_9abcn])(
    'of the key %i is valid for sums that degenerate',
    (key) => {
      const { Fn } = Point;
      const degenerate = { publicKeyX: starkPublicKeyX(feltOf(key)) };
      for (const timesKey of [1n, 2n, N / 7n]) {
        const point = Fn.mul(timesKey, key);
        const bare = Point.BASE.multiplyUnsafe(point).x;
        const doubled = Point.BASE.multiplyUnsafe(Fn.mul(2n, point)).x;
        const s = (r: bigint) => Fn.div(r, timesKey);
        const cases = [
          { r: bare, z: 0n, ok: true },
          { r: doubled, z: 0n, ok: false },
          { r: doubled, z: Fn.mul(point, s(doubled)), ok: true },
          { r: doubled, z: Fn.neg(Fn.mul(point, s(doubled))), ok: true },
          { r: bare, z: Fn.mul(point, s(bare)), ok: false },
        ];
        for (const { r, z, ok } of cases) {
          expect(verify({ ...degenerate, r: feltOf(r), s: feltOf(s(r)), messageHash: feltOf(z) })).toBe(ok);
        }
      }
    },
  );

  test('with its numbers at the bounds is refused', () => {
    const bounds = [
      1n,
      2n,
      2n ** 251n - 1n,
      2n ** 251n,
      2n ** 251n + 1n,
      N - 1n,
      N,
      N + 1n,
      P - 1n,
      P,
      2n ** 256n - 1n,
    ];
    const [r, s, z] = [integer(good.r), integer(good.s), integer(good.messageHash)];
    for (const bound of bounds) {
      for (const [r1, s1, z1] of [
        [bound, s, z],
        [r, bound, z],
        [r, s, bound],
        [bound, bound, bound],
      ] as const) {
        expect(verify({ ...good, r: feltOf(r1), s: feltOf(s1), messageHash: feltOf(z1) })).toBe(false);
      }
    }
  });

  test('values of other lengths are the caller’s error', () => {
    const error = expect.objectContaining({ code: 'STARK_VALUE_LENGTH', fault: 'caller' });
    expect(() => verify({ ...good, r: new Uint8Array(31) })).toThrow(error);
    expect(() => verify({ ...good, publicKeyX: new Uint8Array(33) })).toThrow(error);
  });
});

test('a prepared key takes and refuses what one alone does, whatever is changed', () => {
  const scalar = fc.bigInt({ min: 1n, max: N - 1n });
  const message = fc.bigInt({ min: 0n, max: 2n ** 251n - 1n });
  const change = fc.record({ name: fc.constantFrom<keyof Signed>('r', 's', 'messageHash'), bit: fc.nat(251) });
  fc.assert(
    fc.property(scalar, fc.array(fc.tuple(message, change), { minLength: 1, maxLength: 4 }), (key, messages) => {
      const privateKey = feltOf(key);
      const publicKeyX = starkPublicKeyX(privateKey);
      const verify = createStarkVerifier({ publicKeyX });
      for (const [value, { name, bit }] of messages) {
        const messageHash = feltOf(value);
        const good: Signed = { ...signStark({ messageHash, privateKey }), messageHash, publicKeyX };
        expect(verify(good)).toBe(true);
        const changed = { ...good, [name]: feltOf(integer(good[name]) ^ (1n << BigInt(bit))) };
        expect(verify(changed)).toBe(verifyStarkSignature(changed));
      }
    }),
    { numRuns: 25 },
  );
});

test('keys and messages out of range are not signed', () => {
  const code = (name: string) => expect.objectContaining({ code: name, fault: 'caller' });
  const [messageHash, privateKey] = [feltOf(1n), feltOf(2n)];
  for (const bad of [feltOf(0n), feltOf(N)]) {
    expect(() => signStark({ messageHash, privateKey: bad })).toThrow(code('STARK_PRIVATE_KEY_INVALID'));
    expect(() => starkPublicKeyX(bad)).toThrow(code('STARK_PRIVATE_KEY_INVALID'));
  }
  expect(() => signStark({ messageHash: feltOf(2n ** 251n), privateKey })).toThrow(code('STARK_MESSAGE_OUT_OF_RANGE'));
});

function messageOf({ block_hash, signature_input }: BlockSignature): Uint8Array {
  if (signature_input === undefined) return felt(block_hash ?? '');
  const parts = [felt(signature_input.block_hash), felt(signature_input.state_diff_commitment)];
  return createFeltHasher().poseidonArrays([concatBytes(...parts)]);
}

/** The smallest x whose x³ + x + B has no square root. */
function xOffCurve(): bigint {
  const { a, b } = Point.CURVE();
  for (let x = 1n; ; x++) {
    const square = (x ** 3n + a * x + b) % P;
    if (Point.Fp.pow(square, (P - 1n) / 2n) !== 1n) return x;
  }
}

function felt(hex: string): Uint8Array {
  return feltOf(BigInt(hex));
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(toHex(bytes));
}
