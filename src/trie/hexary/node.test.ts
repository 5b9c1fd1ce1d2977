import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRlp, type RlpItem } from '../../codec/index.ts';
import { compareBytes, fromHex, toHex } from '../../lib/index.ts';
import { decodeNode } from './node.ts';
import { buildTrie } from './testing.ts';

const malformed = (reason: string) =>
  expect.objectContaining({
    code: 'TRIE_NODE_MALFORMED',
    fault: 'peer',
    data: expect.objectContaining({ reason }),
  });

const hash = new Uint8Array(32).fill(0xab);
const none = new Uint8Array(0);
const byte = (value: number) => Uint8Array.of(value);
/** A branch with the given children in its first slots. */
const branch = (children: readonly RlpItem[], value: RlpItem = none) => [
  ...children,
  ...new Array<RlpItem>(16 - children.length).fill(none),
  value,
];

describe('a node', () => {
  it.each<[name: string, item: RlpItem, decoded: object]>([
    ['an even leaf', [fromHex('20abcd'), fromHex('05')], { type: 'leaf', path: fromHex('0a0b0c0d'), value: byte(5) }],
    [
      'an odd leaf',
      [fromHex('3abc'), fromHex('0506')],
      { type: 'leaf', path: fromHex('0a0b0c'), value: fromHex('0506') },
    ],
    ['a leaf without path', [byte(0x20), fromHex('05')], { type: 'leaf', path: none, value: byte(5) }],
    [
      'an even extension',
      [fromHex('00ab'), hash],
      { type: 'extension', path: fromHex('0a0b'), child: { type: 'hash', encoded: fromHex(`a0${'ab'.repeat(32)}`) } },
    ],
    [
      'an odd extension of a short node',
      [byte(0x17), [byte(0x20), byte(5)]],
      { type: 'extension', path: byte(7), child: { type: 'inline', encoded: fromHex('c22005') } },
    ],
  ])('%s is read as the yellow paper has it', (_name, item, decoded) => {
    expect(decodeNode(encodeRlp(item))).toEqual(decoded);
  });

  it('a branch names hashes and short nodes by slot', () => {
    const node = decodeNode(encodeRlp(branch([none, hash, none, [byte(0x20), byte(5)]])));
    expect(node.type === 'branch' && node.children.map((child) => child?.type ?? null)).toEqual([
      null,
      'hash',
      null,
      'inline',
      ...new Array(12).fill(null),
    ]);
  });

  it.each<[name: string, item: RlpItem, reason: string]>([
    ['a string', fromHex('80'), 'a node is not one list'],
    ['no items', [], 'a node has neither 2 nor 17 items'],
    ['three items', [byte(0x20), byte(5), byte(6)], 'a node has neither 2 nor 17 items'],
    ['eighteen items', [...branch([hash, hash]), none], 'a node has neither 2 nor 17 items'],
    ['very many items', new Array<RlpItem>(10_000).fill(none), 'a node has neither 2 nor 17 items'],
    ['an empty path', [none, byte(5)], 'a path is missing'],
    ['a list for a path', [[], byte(5)], 'a path is missing'],
    ['unknown flags', [byte(0x40), byte(5)], 'a path has unknown flags'],
    ['padding that is not zero', [byte(0x21), byte(5)], 'a path has unknown flags'],
    ['a leaf without value', [byte(0x20), none], 'a leaf has no value'],
    ['a leaf with a list for a value', [byte(0x20), [byte(5)]], 'a leaf has no value'],
    ['an extension without path', [byte(0x00), hash], 'an extension leads nowhere'],
    ['an extension without child', [byte(0x17), none], 'an extension leads nowhere'],
    ['a hash of 31 bytes', [byte(0x17), hash.subarray(1)], 'a child is neither a hash nor a short node'],
    ['a hash of 33 bytes', branch([hash, new Uint8Array(33)]), 'a child is neither a hash nor a short node'],
    [
      'an embedded node of 32 bytes',
      branch([hash, [byte(0x20), new Uint8Array(29)]]),
      'a child is neither a hash nor a short node',
    ],
    ['a branch with one child', branch([hash]), 'a branch does not branch'],
    ['a branch with a value', branch([hash, hash], byte(5)), 'a branch holds a value'],
    ['a branch with a list for a value', branch([hash, hash], []), 'a branch holds a value'],
  ])('%s is refused', (_name, item, reason) => {
    expect(() => decodeNode(encodeRlp(item))).toThrow(malformed(reason));
  });

  it('decodes from whatever bytes, or is refused with a code', () => {
    const key = fc.uint8Array({ minLength: 3, maxLength: 3 });
    const leaves = fc.uniqueArray(fc.record({ key, value: fc.uint8Array({ minLength: 1, maxLength: 40 }) }), {
      minLength: 2,
      maxLength: 20,
      selector: (leaf) => toHex(leaf.key),
    });
    fc.assert(
      fc.property(leaves, fc.nat(), fc.nat(), fc.nat(255), (content, which, at, flip) => {
        const sorted = content.sort((a, b) => compareBytes(a.key, b.key));
        const nodes = [...buildTrie(sorted, 3).reader.nodes.values()];
        const node = nodes[which % nodes.length] as Uint8Array; // Two leaves have at least a root.
        expect(() => decodeNode(node)).not.toThrow();
        const index = at % node.length;
        for (const wrong of [node.with(index, (node[index] as number) ^ flip), node.subarray(0, index)]) {
          try {
            decodeNode(wrong);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^(RLP|TRIE_NODE)_MALFORMED$/), fault: 'peer' });
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
