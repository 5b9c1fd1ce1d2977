import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, isSynclineError, toHex } from '../lib/index.ts';
import { Arena } from './arena.ts';
import { readLeaf, readRoot, updateTries } from './binary-trie.ts';
import { type NodeRef, Nodes } from './node.ts';
import { PAGE_BYTES_MAX, PageDecoder, writeHeader, writeNode } from './page.ts';
import { felt, MemoryPages, mixPairs, toNumber } from './testing.ts';

const HEIGHT = 12;
const PREFIX = Uint8Array.of(0xaa, 0xbb);

function store(keys: readonly number[]): MemoryPages {
  const pages = new MemoryPages();
  const entries = keys.map((key) => ({ key: felt(key), value: felt(key + 1) }));
  pages.apply(updateTries(pages, mixPairs, [{ prefix: PREFIX, height: HEIGHT, entries }]).writes);
  return pages;
}

/** Decodes a record, with other bytes around it in the arena, and writes its nodes again. */
function recoded(key: string, bytes: Uint8Array): string {
  const arena = new Arena(1);
  const topHashAt = arena.add(felt(1));
  const at = arena.add(bytes);
  arena.add(felt(1));
  // The place of the top is read off the page itself; its parent would know it.
  const pageDepth = fromHex(key)[PREFIX.length] as number;
  const topSlot = bytes[1] ?? 0;
  const topDepth = pageDepth === 0 ? 0 : pageDepth + 31 - Math.clz32(topSlot & 15);
  const page = { key: fromHex(key), at, length: bytes.length, height: HEIGHT, topDepth, topSlot };
  const nodes = new Nodes(arena);
  const top = new PageDecoder(nodes).decode({ ...page, topHashAt: topDepth === 0 ? null : topHashAt });
  const out = new Uint8Array(PAGE_BYTES_MAX);
  const view = new DataView(out.buffer);
  let end = writeHeader(nodes, view, top, topSlot, topDepth, HEIGHT);
  const write = (ref: NodeRef) => {
    if (ref < 0) return;
    end = writeNode(nodes, view, end, ref);
    write(nodes.leftOf(ref)); // Of an edge, its child.
    if (nodes.lengthOf(ref) === 0) write(nodes.rightOf(ref));
  };
  write(top);
  return toHex(out.subarray(0, end));
}

const someKeys = fc.uniqueArray(fc.nat(2 ** HEIGHT - 1), { minLength: 1, maxLength: 40 });

describe('a trie page', () => {
  it('has the documented bytes', () => {
    // Keys 0x000 and 0x010 part at depth 7 of 12: one edge over a page border, one binary node, two leaf edges.
    const pages = store([0x000, 0x010]);
    const hex = (bytes: Uint8Array) => toHex(bytes).slice(2);
    const edge = (child: Uint8Array, path: number, length: bigint) =>
      felt(toNumber(mixPairs(child, felt(path))) + length);
    const left = edge(felt(1), 0, 4n);
    const right = edge(felt(0x11), 0, 4n);
    const fork = mixPairs(left, right);
    const root = edge(fork, 0, 7n);
    expect(pages.dump()).toEqual([
      // Format 1, top in slot 1; height 12, root; an edge of 7 bits, all zero, to the fork.
      ['0xaabb00', `0x0101${'0c'}${hex(root)}${'0700'}${hex(fork)}`],
      // Depth 4, path 0000: the fork is the top, at depth 7 in slot 8.
      ['0xaabb0400', `0x0108${'00'}${hex(left)}${hex(right)}`],
      // Depth 8, paths 00000000 and 00000001: an edge of 4 bits to the leaf.
      ['0xaabb0800', `0x0101${'0400'}${hex(felt(1))}`],
      ['0xaabb0801', `0x0101${'0400'}${hex(felt(0x11))}`],
    ]);
    const three = store([0x000, 0x100, 0x800]).dump();
    // A page in preorder: the root, its left half's edge to the fork at depth 3, the fork, and the right edge.
    expect(three[0]?.[1]).toMatch(/^0x01010c.{64}00.{128}0200.{64}00.{128}0b0000.{64}$/);
  });

  it('decodes to what it was encoded from', () => {
    fc.assert(
      fc.property(someKeys, (keys) => {
        for (const [key, bytes] of store(keys).records) expect(recoded(key, bytes)).toBe(toHex(bytes));
      }),
      { numRuns: 50 },
    );
  });

  it('decodes only if it is exactly what would be encoded, whatever bytes are changed', () => {
    const damage = fc.tuple(fc.nat(), fc.nat(60), fc.nat(255), fc.integer({ min: -3, max: 3 }));
    let refused = 0;
    fc.assert(
      fc.property(someKeys, damage, (keys, [which, at, byte, stretch]) => {
        const records = [...store(keys).records];
        const [key, bytes] = records[which % records.length] as [string, Uint8Array];
        const changed = new Uint8Array(Math.max(0, bytes.length + stretch));
        changed.set(bytes.subarray(0, changed.length));
        if (at < changed.length) changed[at] = byte;
        try {
          expect(recoded(key, changed)).toBe(toHex(changed));
        } catch (error) {
          if (!isSynclineError(error)) throw error;
          expect(error).toMatchObject({ code: 'TRIE_PAGE_CORRUPT', fault: 'local' });
          refused += 1;
        }
      }),
      { numRuns: 1500 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it('is refused, with its key and a reason, wherever it is read', () => {
    const entries = [{ key: felt(0x010), value: felt(9) }];
    const readers = [
      (pages: MemoryPages) => readLeaf(pages, PREFIX, HEIGHT, felt(0x010)),
      (pages: MemoryPages) => updateTries(pages, mixPairs, [{ prefix: PREFIX, height: HEIGHT, entries }]),
    ];
    for (const read of readers) {
      for (const key of ['0xaabb00', '0xaabb0400', '0xaabb0801']) {
        const pages = store([0x000, 0x010]);
        pages.records.set(key, (pages.records.get(key) as Uint8Array).slice(0, -1));
        expect(() => read(pages)).toThrow(
          expect.objectContaining({ code: 'TRIE_PAGE_CORRUPT', data: expect.objectContaining({ key }) }),
        );
        pages.records.delete(key);
        if (key === '0xaabb00') continue; // No root page: an empty trie.
        expect(() => read(pages)).toThrow(
          expect.objectContaining({ code: 'TRIE_PAGE_MISSING', fault: 'local', data: { key } }),
        );
      }
    }
    const pages = store([1]);
    const root = pages.records.get('0xaabb00') as Uint8Array;
    for (const bytes of [root.slice(0, 2), root.with(2, 0), root.with(2, 252), new Uint8Array(0)]) {
      pages.records.set('0xaabb00', bytes);
      expect(() => readRoot(pages, PREFIX)).toThrow(expect.objectContaining({ code: 'TRIE_PAGE_CORRUPT' }));
    }
  });

  it('is refused when it belongs to a trie of another height or hangs elsewhere than its parent says', () => {
    const pages = store([0x000, 0x010]);
    const other = { prefix: PREFIX, height: HEIGHT + 1, entries: [{ key: felt(1), value: felt(1) }] };
    expect(() => updateTries(pages, mixPairs, [other])).toThrow(
      expect.objectContaining({ code: 'TRIE_PAGE_CORRUPT', message: expect.stringContaining('another height') }),
    );
    // An edge where only the end of an edge can be.
    const fork = pages.records.get('0xaabb0400') as Uint8Array;
    const edge = concatBytes(fork.subarray(0, 2), Uint8Array.of(5, 0), felt(1));
    pages.records.set('0xaabb0400', edge);
    expect(() => readLeaf(pages, PREFIX, HEIGHT, felt(0))).toThrow(
      expect.objectContaining({ code: 'TRIE_PAGE_CORRUPT', message: expect.stringContaining('ends in an edge') }),
    );
    // A sound page in the wrong place: its top is not where the edge above ends.
    pages.records.set('0xaabb0400', pages.records.get('0xaabb0800') as Uint8Array);
    expect(() => readLeaf(pages, PREFIX, HEIGHT, felt(0))).toThrow(
      expect.objectContaining({ code: 'TRIE_PAGE_CORRUPT', message: expect.stringContaining('top node') }),
    );
  });
});
