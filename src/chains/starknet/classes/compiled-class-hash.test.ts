import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { isSynclineError } from '../../../lib/index.ts';
import {
  FELT_PRIME,
  feltFromAscii,
  feltFromBigint,
  feltFromNumber,
  feltToBigint,
  feltToHex,
  joinFelts,
} from '../felt.ts';
import type { Felt } from '../types.ts';
import { type BytecodeSegment, compiledClassHashes, createClassHashers, parseCompiledClass } from './index.ts';

const root = vectorsDir();
const hashers = createClassHashers();
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const hashesOf = (value: unknown) => {
  const { poseidon, blake2s } = compiledClassHashes(hashers, parseCompiledClass(bytesOf(value)));
  return [feltToHex(poseidon), feltToHex(blake2s)];
};
const compiledOf = (lengths: unknown, felts: number) => ({
  bytecode: Array.from({ length: felts }, (_, i) => `0x${(i + 1).toString(16)}`),
  bytecode_segment_lengths: lengths,
  entry_points_by_type: { EXTERNAL: [{ selector: '0x5', offset: 2, builtins: ['range_check', 'gas_builtin'] }] },
});

/** The definition written down once more, one hash after the other. */
function slowHash(hash: (...felts: readonly Uint8Array[]) => Felt, lengths: readonly BytecodeSegment[]): Felt {
  let at = 0;
  const segment = (one: BytecodeSegment): { readonly length: number; readonly hash: Felt } => {
    if (typeof one === 'number') {
      const felts = Array.from({ length: one }, (_, i) => feltFromNumber(at + i + 1));
      at += one;
      return { length: one, hash: hash(...felts) };
    }
    const inner = one.map(segment);
    const sum = feltToBigint(hash(...inner.flatMap((child) => [feltFromNumber(child.length), child.hash]))) + 1n;
    return { length: inner.reduce((total, child) => total + child.length, 0), hash: feltFromBigint(sum % FELT_PRIME) };
  };
  const builtins = hash(feltFromAscii('range_check'), feltFromAscii('gas_builtin'));
  const externals = hash(feltFromNumber(5), feltFromNumber(2), builtins);
  const code = segment(lengths).hash;
  return hash(feltFromAscii('COMPILED_CLASS_V1'), externals, hash(), hash(), code);
}

describe('a compiled class hash', () => {
  it('covers segments in segments as deep as they go', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.array(tie('node'), { maxLength: 4 }),
      node: fc.oneof({ maxDepth: 4 }, fc.nat(5), tie('tree')),
    })) as { tree: fc.Arbitrary<BytecodeSegment[]> };
    fc.assert(
      fc.property(tree, (lengths) => {
        const felts = lengths.flat(10).reduce<number>((sum, length) => sum + (length as number), 0);
        expect(hashesOf(compiledOf(lengths, felts))).toEqual([
          feltToHex(slowHash((...list) => hashers.felts.poseidonArrays([joinFelts(...list)]) as Felt, lengths)),
          feltToHex(slowHash((...list) => hashers.blake2s.blake2sFelts(joinFelts(...list)) as Felt, lengths)),
        ]);
      }),
      { numRuns: 200 },
    );
  });

  it('differs with each way of cutting the bytecode', () => {
    const cuts = [undefined, [6], [3, 3], [[3, 3]], [[6]], [3, 3, 0], [0, 6]];
    const hashes = cuts.flatMap((lengths) => hashesOf(compiledOf(lengths, 6)));
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashesOf(compiledOf(null, 6))).toEqual(hashesOf(compiledOf(undefined, 6)));
  });

  it('exists for a class without anything in it', () => {
    expect(hashesOf({ bytecode: [], entry_points_by_type: {} })).toHaveLength(2);
    expect(hashesOf({ bytecode: [], bytecode_segment_lengths: [], entry_points_by_type: {} })).toHaveLength(2);
  });

  it.each<[string, unknown, string]>([
    ['segments that leave bytecode unhashed', compiledOf([3, 2], 6), 'class.bytecode_segment_lengths'],
    ['segments beyond the bytecode', compiledOf([3, 4], 6), 'class.bytecode_segment_lengths'],
    ['segments of no number', compiledOf([3, '3'], 6), 'class.bytecode_segment_lengths[1]'],
    ['segments of a negative number', compiledOf([7, -1], 6), 'class.bytecode_segment_lengths[1]'],
    ['one number for segments', compiledOf(6, 6), 'class.bytecode_segment_lengths'],
    ['no bytecode', { entry_points_by_type: {} }, 'class.program'],
    ['bytecode beyond the field', { bytecode: [`0x${'f'.repeat(64)}`], entry_points_by_type: {} }, 'class.bytecode[0]'],
    ['no entry points', { bytecode: [] }, 'class.entry_points_by_type'],
  ])('is refused for %s', (_, value, path) => {
    expect(() => hashesOf(value)).toThrow(
      expect.objectContaining({ code: 'GATEWAY_MALFORMED', fault: 'peer', data: expect.objectContaining({ path }) }),
    );
  });
});

describe.skipIf(root === null)('a compiled class with a byte changed', () => {
  it('is refused, hashes to something else, or says the same but for hints', () => {
    const file = 'integration/compiled_class/0xc6c634d10e2cc7b1db6b4403b477f05e39cb4900fd5ea0156d1721dbb6c59b.json';
    const whole = new Uint8Array(readFileSync(join(root ?? '', 'starknet', file)));
    const definition = parseCompiledClass(whole);
    const expected = compiledClassHashes(hashers, definition);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = whole.slice();
        changed[at] = (changed[at] as number) ^ mask;
        try {
          const other = parseCompiledClass(changed);
          const got = compiledClassHashes(hashers, other);
          const same = [got.poseidon, got.blake2s].map((one, i) => {
            return feltToHex(one) === feltToHex(i === 0 ? expected.poseidon : expected.blake2s);
          });
          expect(same[0]).toBe(same[1]);
          if (same[0]) expect(other).toEqual(definition);
        } catch (error) {
          if (!isSynclineError(error) || error.fault !== 'peer') throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
