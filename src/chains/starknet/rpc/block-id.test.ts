import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { type BlockRef, type Height, RpcFault } from '../../../engine/index.ts';
import { feltToHex } from '../felt.ts';
import { networkOf, openVectors } from '../rules/testing.ts';
import type { ApiVersion } from './api-version.ts';
import { parseBlockId, resolveBlockId } from './block-id.ts';
import { type ChainFixture, commitCaptures, createChainFixture, provisionalFrom } from './testing.ts';

describe('a block id', () => {
  const HASH = '0x47c3637b57c2b079b93c61539950c17e868a28f46cdef28f88521067f21e943';

  it.each([8, 9, 10] as const)('of 0.%i is a hash, a number or a tag', (version) => {
    expect(parseBlockId('latest', version)).toEqual({ type: 'latest' });
    expect(parseBlockId({ block_number: 7 }, version)).toEqual({ type: 'number', number: 7 });
    const id = parseBlockId({ block_hash: HASH }, version);
    expect(id.type === 'hash' && feltToHex(id.hash)).toBe(HASH);
  });

  it('knows the tags of its version only', () => {
    expect(parseBlockId('pending', 8)).toEqual({ type: 'provisional' });
    expect(faultOf(() => parseBlockId('pre_confirmed', 8))).toBe(-32602);
    expect(faultOf(() => parseBlockId('l1_accepted', 8))).toBe(-32602);
    for (const version of [9, 10] as const) {
      expect(parseBlockId('pre_confirmed', version)).toEqual({ type: 'provisional' });
      expect(parseBlockId('l1_accepted', version)).toEqual({ type: 'l1Accepted' });
      expect(faultOf(() => parseBlockId('pending', version))).toBe(-32602);
    }
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a bare number', 3],
    ['an unknown tag', 'newest'],
    ['a name that every object has', 'constructor'],
    ['an empty object', {}],
    ['a list', []],
    ['hash and number at once', { block_hash: HASH, block_number: 0 }],
    ['a negative number', { block_number: -1 }],
    ['a fraction', { block_number: 1.5 }],
    ['a number as text', { block_number: '1' }],
    ['a number above 2^53', { block_number: 2 ** 53 }],
    ['a hash without 0x', { block_hash: HASH.slice(2) }],
    ['a hash above the field', { block_hash: `0x${'f'.repeat(64)}` }],
    ['a hash of no digits', { block_hash: '0x' }],
  ])('that is %s is refused as an invalid parameter', (_what, value) => {
    expect(faultOf(() => parseBlockId(value, 10))).toBe(-32602);
  });
});

const vectors = vectorsDir();

describe.skipIf(vectors === null)('a block id over real blocks', () => {
  const network = networkOf('mainnet');
  const folder = join(vectors ?? '', 'starknet', 'mainnet');
  let fixture: ChainFixture;
  let refs: readonly BlockRef[];
  const bundle = () =>
    openVectors((file) => readFileSync(join(vectors ?? '', 'starknet', file), 'utf8')).bundle(
      'mainnet/state_update_with_block/2.json',
    );

  beforeAll(async () => {
    fixture = await createChainFixture(network);
    refs = await commitCaptures(fixture, (file) => readFileSync(join(folder, file)), 3);
  });

  const resolve = (id: unknown, version: ApiVersion = 10) => {
    using view = fixture.store.view();
    return resolveBlockId(view, fixture.environment, parseBlockId(id, version), version);
  };

  it('finds confirmed blocks by hash, number and tag', () => {
    const ref = refs[2] as BlockRef;
    expect(resolve({ block_number: 2 })).toEqual({ type: 'confirmed', ref });
    expect(resolve({ block_hash: feltToHex(ref.hash) })).toEqual({ type: 'confirmed', ref });
    expect(resolve('latest')).toEqual({ type: 'confirmed', ref: refs[3] });
  });

  it('does not find what is not there', () => {
    expect(faultOf(() => resolve({ block_number: 4 }))).toBe(24);
    expect(faultOf(() => resolve({ block_number: 2 ** 53 - 1 }))).toBe(24);
    expect(faultOf(() => resolve({ block_hash: '0x1234' }))).toBe(24);
  });

  it('finds the block that L1 proves once there is one, at most the tip', async () => {
    const own = await createChainFixture(network);
    const at = (id: unknown) => {
      using view = own.store.view();
      return resolveBlockId(view, own.environment, parseBlockId(id, 10), 10);
    };
    expect(faultOf(() => at('latest'))).toBe(24);
    expect(faultOf(() => at('pre_confirmed'))).toBe(24);
    await commitCaptures(own, (file) => readFileSync(join(folder, file)), 1);
    expect(faultOf(() => at('l1_accepted'))).toBe(24);
    await own.finalize(0);
    expect(at('l1_accepted')).toEqual({ type: 'confirmed', ref: refs[0] });
    await own.finalize(1_000_000);
    expect(at('l1_accepted')).toEqual({ type: 'confirmed', ref: refs[1] });
  });

  describe('being built', () => {
    const tip = () => refs[3] as BlockRef;
    const made = (options: Parameters<typeof provisionalFrom>[2] = {}, on = tip()) => {
      const { block, stateUpdate } = bundle();
      return provisionalFrom({ block, stateDiff: stateUpdate.stateDiff }, on, options);
    };

    it('is an empty one on the tip while none is known', () => {
      fixture.build([]);
      expect(resolve('pre_confirmed')).toEqual({ type: 'provisional', tip: tip(), blocks: [] });
    });

    it('is the highest of those that follow the tip without a hole', () => {
      const blocks = [made({ height: 4 }), made({ height: 5 })];
      fixture.build(blocks);
      expect(resolve('pre_confirmed')).toEqual({ type: 'provisional', tip: tip(), blocks });
      fixture.build([made({ height: 5 })]);
      expect(resolve('pre_confirmed')).toEqual({ type: 'provisional', tip: tip(), blocks: [] });
    });

    it('loses those that were confirmed meanwhile', () => {
      const below = refs[2] as BlockRef;
      const [gone, left] = [made({ height: 3 }, below), made({ height: 4 }, below)];
      fixture.build([gone, left]);
      expect(resolve('pre_confirmed')).toEqual({ type: 'provisional', tip: tip(), blocks: [left] });
    });

    it('does not stand on a block that is not ours', () => {
      fixture.build([made({}, { height: 3 as Height, hash: (refs[2] as BlockRef).hash })]);
      expect(resolve('pre_confirmed')).toEqual({ type: 'provisional', tip: tip(), blocks: [] });
    });

    it('is always empty in 0.8, where it would count as accepted', () => {
      fixture.build([made()]);
      expect(resolve('pending', 8)).toEqual({ type: 'provisional', tip: tip(), blocks: [] });
    });
  });
});

/** The code of the fault that a call ends with. */
function faultOf(call: () => unknown): number {
  try {
    call();
  } catch (error) {
    if (error instanceof RpcFault) return error.body.code;
    throw error;
  }
  throw new Error('the call succeeded');
}
