import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keccak256 } from '../../crypto/index.ts';
import { compareBytes, fromHex, toHex } from '../../lib/index.ts';
import { createStackTrie, stackTrieBytes } from './index.ts';
import { definedRoot, MemoryNodes, type TestLeaf } from './testing.ts';

const EMPTY_ROOT = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';
const refused = (code: string) => expect.objectContaining({ code, fault: 'caller' });
const trieOf = (keyLength: number) => createStackTrie({ keccak: keccak256, keyLength });

/** Bytes that often share nibbles with their like, so that extensions and inline nodes come up. */
const clustered = fc.constantFrom(0x00, 0x01, 0x10, 0x11, 0xf0, 0xff);

/** Sorted leaves of one key length, with values from one byte to more than a hash. */
const leavesOf = (keyLength: number) =>
  fc
    .uniqueArray(
      fc.record({
        key: fc.oneof(
          fc.uint8Array({ minLength: keyLength, maxLength: keyLength }),
          fc.array(clustered, { minLength: keyLength, maxLength: keyLength }).map((bytes) => Uint8Array.from(bytes)),
        ),
        value: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 2 }), fc.uint8Array({ minLength: 1, maxLength: 70 })),
      }),
      { maxLength: 40, selector: ({ key }) => toHex(key) },
    )
    .map((leaves) => leaves.sort((a, b) => compareBytes(a.key, b.key)));

const tries = fc
  .constantFrom(1, 2, 3, 8, 32, 40, 64)
  .chain((keyLength) => leavesOf(keyLength).map((leaves) => ({ keyLength, leaves })));

describe('a stack trie', () => {
  it('has the root of the definition', () => {
    fc.assert(
      fc.property(tries, ({ keyLength, leaves }) => {
        const trie = trieOf(keyLength);
        for (const { key, value } of leaves) trie.add(key, value);
        expect(toHex(trie.root())).toBe(toHex(definedRoot(leaves)));
      }),
      { numRuns: 150 },
    );
  });

  it('emits children before parents, each under its own hash and path, the root last', () => {
    fc.assert(
      fc.property(tries, ({ keyLength, leaves }) => {
        fc.pre(leaves.length > 0);
        const nodes = new MemoryNodes();
        const order: string[] = [];
        const trie = createStackTrie({
          keccak: keccak256,
          keyLength,
          onNode: (path, hash, encoding) => {
            expect(toHex(keccak256(encoding))).toBe(toHex(hash));
            nodes.set(hash, path, encoding);
            order.push(toHex(path));
          },
        });
        for (const { key, value } of leaves) trie.add(key, value);
        const root = trie.root();
        expect(nodes.get(root, new Uint8Array(0))).toBeDefined();
        expect(order.at(-1)).toBe('0x');
        for (const [index, path] of order.entries()) {
          const longerLater = order.slice(index + 1).filter((later) => later.length > path.length);
          expect(longerLater.filter((later) => later.startsWith(path))).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same root in borrowed memory and through the in-place form', () => {
    fc.assert(
      fc.property(tries, ({ keyLength, leaves }) => {
        const trie = createStackTrie({
          keccak: () => {
            throw new Error('the plain form was called');
          },
          keccakInto: (input, start, end, out, outStart) => out.set(keccak256(input.subarray(start, end)), outStart),
          keyLength,
          // What the memory holds from before must not matter.
          scratch: new Uint8Array(stackTrieBytes(keyLength)).fill(0xaa),
        });
        for (const { key, value } of leaves) trie.add(key, value);
        expect(toHex(trie.root())).toBe(toHex(definedRoot(leaves)));
      }),
      { numRuns: 40 },
    );
  });

  it('takes values around the lengths where a prefix grows, and far larger than its memory', () => {
    for (const length of [1, 2, 31, 32, 55, 56, 255, 256, 1023, 1024, 65_535, 65_536, 100_000]) {
      const leaves: TestLeaf[] = [1, 2].map((byte) => ({
        key: new Uint8Array(32).fill(byte),
        value: new Uint8Array(length).fill(0x7f + byte),
      }));
      const trie = trieOf(32);
      for (const { key, value } of leaves) trie.add(key, value);
      expect(toHex(trie.root())).toBe(toHex(definedRoot(leaves)));
    }
  });

  it('copies what it is given', () => {
    const key = fromHex('01'.repeat(32));
    const value = fromHex('c0ffee');
    const expected = definedRoot([{ key: key.slice(), value: value.slice() }]);
    const trie = trieOf(32);
    trie.add(key, value);
    key.fill(0);
    value.fill(0);
    expect(toHex(trie.root())).toBe(toHex(expected));
  });

  it('without leaves has the root of the empty trie', () => {
    expect(toHex(trieOf(32).root())).toBe(EMPTY_ROOT);
  });

  it('refuses keys that do not ascend, and goes on from where it was', () => {
    const leaves = ['11', '2200', '2233'].map((digits) => ({
      key: fromHex(digits.padEnd(64, '0')),
      value: fromHex('07'),
    }));
    const trie = trieOf(32);
    for (const { key, value } of leaves) {
      trie.add(key, value);
      for (const digits of ['00', '10', digitsOf(key)]) {
        expect(() => trie.add(fromHex(digits.padEnd(64, '0')), fromHex('07'))).toThrow(refused('TRIE_UNSORTED'));
      }
    }
    expect(toHex(trie.root())).toBe(toHex(definedRoot(leaves)));
  });

  it('refuses empty values and keys of another length', () => {
    const trie = trieOf(32);
    expect(() => trie.add(new Uint8Array(32), new Uint8Array(0))).toThrow(refused('TRIE_ARGUMENT'));
    for (const length of [0, 31, 33]) {
      expect(() => trie.add(new Uint8Array(length), fromHex('01'))).toThrow(refused('TRIE_ARGUMENT'));
    }
  });

  it('takes no leaf after its root was asked for', () => {
    const trie = trieOf(1);
    trie.add(fromHex('01'), fromHex('01'));
    const root = trie.root();
    expect(trie.root()).toEqual(root);
    expect(() => trie.add(fromHex('02'), fromHex('01'))).toThrow(refused('TRIE_ARGUMENT'));
  });

  it('refuses key lengths and scratch memory out of bounds', () => {
    for (const keyLength of [0, -1, 65, 1.5, Number.NaN]) {
      expect(() => trieOf(keyLength)).toThrow(refused('TRIE_ARGUMENT'));
      expect(() => stackTrieBytes(keyLength)).toThrow(refused('TRIE_ARGUMENT'));
    }
    const scratch = new Uint8Array(stackTrieBytes(32) - 1);
    expect(() => createStackTrie({ keccak: keccak256, keyLength: 32, scratch })).toThrow(refused('TRIE_ARGUMENT'));
  });
});

function digitsOf(key: Uint8Array): string {
  return toHex(key).slice(2);
}
