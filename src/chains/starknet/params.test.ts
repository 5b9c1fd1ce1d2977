import { describe, expect, test } from 'vitest';
import type { PlainData } from '../../engine/index.ts';
import { compareVersions, devnetParams, isUnverifiable, NETWORKS, parseNetwork } from './params.ts';

describe('protocol versions', () => {
  test('are ordered by their dotted numbers', () => {
    const ascending = ['', '0.9.1', '0.10.0', '0.13.1', '0.13.1.1', '0.13.2', '0.13.2.1', '0.13.3', '0.14.0', '1.0'];
    expect([...ascending].reverse().sort(compareVersions)).toEqual(ascending);
  });

  test('with missing parts count them as zero', () => {
    expect(compareVersions('0.13', '0.13.0')).toBe(0);
    expect(compareVersions('', '0.0')).toBe(0);
  });

  test.each(['0.13.x', '0..1', '.1', '0.13.', ' 0.13', '-1', '0.13.2-rc', '1'.repeat(40)])('%s is none', (version) => {
    expect(() => compareVersions(version, '0.13.2')).toThrow(
      expect.objectContaining({ code: 'VERSION_MALFORMED', fault: 'peer' }),
    );
  });
});

describe('networks', () => {
  test('go by the name they are listed under, and every preset is valid', () => {
    expect(Object.keys(NETWORKS)).toHaveLength(6);
    for (const [name, network] of Object.entries(NETWORKS)) {
      const plain: PlainData = network;
      expect(network.name).toBe(name);
      expect(parseNetwork(name)).toBe(network);
      expect(parseNetwork(structuredClone(plain))).toEqual(network);
    }
  });

  test('of one’s own take the devnet’s values for what they leave out', () => {
    expect(parseNetwork('starknet-devnet')).toEqual(devnetParams());
    const own = parseNetwork({ name: 'mine', chainIds: ['SN_MINE'], publicKey: '0x12' });
    expect(own).toEqual(devnetParams({ name: 'mine', chainIds: ['SN_MINE'], publicKey: '0x12' }));
  });

  test.each(['starknet', '__proto__'])('there is none called %s', (name) => {
    expect(() => parseNetwork(name)).toThrow(expect.objectContaining({ code: 'NETWORK_UNKNOWN', fault: 'caller' }));
  });

  test.each([
    null,
    7,
    ['starknet-mainnet'],
    { chainId: 'SN_MAIN' },
    { chainIds: [] },
    { chainIds: ['a chain id of more than 31 characters'] },
    { publicKey: '12' },
    { publicKey: `0x${'f'.repeat(64)}` },
    { coreContract: '0x12' },
    { coreContract: `0x${'c0'.repeat(20)}` },
    { l1ChainId: 1 },
    { firstBlockWith07Hash: -1 },
    { unverifiableBlocks: [{ from: 2, to: 1 }] },
  ])('%j describes none', (value) => {
    expect(() => parseNetwork(value)).toThrow(expect.objectContaining({ code: 'NETWORK_INVALID', fault: 'caller' }));
  });

  test('have ranges that include both ends', () => {
    const goerli = parseNetwork('starknet-goerli');
    const heights = [119801, 119802, 148428, 148429];
    expect(heights.map((height) => isUnverifiable(goerli, height))).toEqual([false, true, true, false]);
  });
});
