import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { encodeBefore, type Height, type RpcService } from '../../../../engine/index.ts';
import { concatBytes, u64be } from '../../../../lib/index.ts';
import {
  classKey,
  compiledClassHashes,
  compiledClassKey,
  computeClassHash,
  createClassHashers,
  encodeClassRecord,
  encodeCompiledClassRecord,
  parseClass,
  parseCompiledClass,
} from '../../classes/index.ts';
import { parseFelt } from '../../felt.ts';
import { compiledClassHashKey } from '../../rules/index.ts';
import { networkOf, openVectors } from '../../rules/testing.ts';
import { encodeStateDiff } from '../../stored/index.ts';
import type { StateDiff } from '../../types.ts';
import { createStarknetRpc } from '../index.ts';
import { type ChainFixture, commitCaptures, createChainFixture, provisionalFrom } from '../testing.ts';
import { callMethod, openRpcDocuments, resultOf } from './testing.ts';

const vectors = vectorsDir();
const root = join(vectors ?? '', 'starknet');
const network = networkOf('mainnet');
const CAIRO0 = '0x10455c752b86932ce552f2b0fe81a880746649b9aee7e0d842bf3f52378f9f8';
const CONTRACT = '0x20cfa74ee3564b4cd5435cdace0f9c4d43b939620e4a0bb5076105df0a626c6';
const SIERRA = '0x3cc90db763e736ca9b6c581ea4008408842b1a125947ab087438676a7e40b7b';
const UNCOMPILED = '0x1338d85d3e579f6944ba06c005238d145920afeb32f94e3a1e234d21e1e9292';
const EARLY = '0x4e70b19333ae94bd958625f7b61ce9eec631653597e68645e13780061b2136c';

describe.skipIf(vectors === null)('classes', () => {
  const hashers = createClassHashers();
  let fixture: ChainFixture;
  let services: readonly RpcService[];

  beforeAll(async () => {
    fixture = await createChainFixture(network);
    await commitCaptures(fixture, (file) => readFileSync(join(root, 'mainnet', file)), 5);
    services = createStarknetRpc(fixture.environment, network);
    const need = { height: 0 as Height, part: 'class', id: CAIRO0, weight: 'wanted' } as const;
    const bytes = readFileSync(join(root, 'mainnet/class', `${CAIRO0}.json`));
    const part = fixture.rules.examinePart?.(need, { part: 'class', bytes, from: 'capture' });
    if (part === undefined) throw new Error('the rules verify no classes');
    await fixture.host.commitParts([{ need, part }]);
    storeSierra(SIERRA, { network: 'sepolia', declaredAt: 3, compiled: true });
    storeSierra(UNCOMPILED, { network: 'goerli', declaredAt: 2, compiled: false });
    storeSierra(EARLY, { network: 'integration', declaredAt: 2, compiled: true });
  });

  /** As if a block had declared it, since no capture of a whole history has one. */
  function storeSierra(
    id: string,
    options: { readonly network: string; readonly declaredAt: number; readonly compiled: boolean },
  ) {
    const classHash = parseFelt(id);
    const height = options.declaredAt as Height;
    const bytes = readFileSync(join(root, options.network, 'class', `${id}.json`));
    const key = compiledClassHashKey(classHash);
    const compiled = options.compiled
      ? readFileSync(join(root, options.network, 'compiled_class', `${id}.json`))
      : null;
    const hashes = compiled === null ? null : compiledClassHashes(hashers, parseCompiledClass(compiled));
    const compiledClassHash = hashes?.blake2s ?? parseFelt('0x1');
    fixture.store.commit([
      { table: 'content', key: classKey(classHash), value: encodeClassRecord({ kind: 'sierra', height, bytes }) },
      { table: 'state', key, value: compiledClassHash },
      { table: 'history', key: concatBytes(key, u64be(height)), value: encodeBefore(undefined) },
    ]);
    if (compiled === null || hashes === null) return;
    const record = encodeCompiledClassRecord({ height, hashes, bytes: compiled });
    fixture.store.commit([
      { table: 'content', key: compiledClassKey(classHash, { compiledClassHash }), value: record },
    ]);
  }

  it('of all captures keep their hash: nothing of them is lost on the way', async () => {
    const files = openVectors((file) => readFileSync(join(root, file), 'utf8')).files.filter(
      ({ kind }) => kind === 'class',
    );
    const own = await createChainFixture(network);
    await commitCaptures(own, (file) => readFileSync(join(root, 'mainnet', file)), 0);
    const [service] = createStarknetRpc(own.environment, network) as [RpcService];
    const abis = new Set<string>();
    let cairo0 = 0;
    for (const { file } of files) {
      const id = /(0x[0-9a-f]+)/.exec(file)?.[1] as string;
      const classHash = parseFelt(id);
      const bytes = readFileSync(join(root, file));
      const original = parseClass(bytes);
      const { kind } = original;
      own.store.commit([
        { table: 'content', key: classKey(classHash), value: encodeClassRecord({ kind, height: 0 as Height, bytes }) },
        { table: 'state', key: compiledClassHashKey(classHash), value: parseFelt('0x1') },
      ]);
      const answer = (await resultOf(service, 'starknet_getClass', { block_id: 'latest', class_hash: id })) as {
        program?: string;
        abi?: unknown;
        entry_points_by_type: object;
      };
      const text = kind === 'sierra' ? JSON.stringify(answer) : cairo0Text(answer, bytes);
      expect(computeClassHash(hashers, parseClass(Buffer.from(text))), file).toEqual(
        computeClassHash(hashers, original),
      );
      if (kind === 'sierra') continue;
      cairo0++;
      abis.add(typeof answer.abi);
    }
    expect(cairo0).toBeGreaterThan(15);
    // One capture has no ABI.
    expect([...abis].sort()).toEqual(['object', 'undefined']);
  });

  it('of Cairo 0 are there from the block that deployed them on', async () => {
    for (const service of services) {
      const byHash = await resultOf(service, 'starknet_getClass', {
        block_id: { block_number: 0 },
        class_hash: CAIRO0,
      });
      const at = { block_id: { block_number: 0 }, contract_address: CONTRACT };
      const document = openRpcDocuments(
        (file) => readFileSync(join(root, 'openrpc', file), 'utf8'),
        Number(service.path.slice('/rpc/v0_'.length)) as 8 | 9 | 10,
      );
      const byContract = await resultOf(service, 'starknet_getClassAt', at);
      expect(byContract).toEqual(byHash);
      expect(document.resultError('starknet_getClassAt', byContract)).toBe(null);
    }
    const [service] = services as [RpcService];
    const later = parseFelt('0x77');
    const bytes = readFileSync(join(root, 'mainnet/class', `${CAIRO0}.json`));
    const value = encodeClassRecord({ kind: 'cairo0', height: 4 as Height, bytes });
    fixture.store.commit([{ table: 'content', key: classKey(later), value }]);
    const at = (block_number: number) =>
      callMethod(service, 'starknet_getClass', { block_id: { block_number }, class_hash: '0x77' });
    expect(await at(3)).toMatchObject({ fault: { code: 28 } });
    expect(await at(4)).toMatchObject({ type: 'result' });
  });

  it('of Sierra are there from the block that declared them on, whatever the record says', async () => {
    const [service] = services as [RpcService];
    const at = (block_number: number) =>
      callMethod(service, 'starknet_getClass', { block_id: { block_number }, class_hash: SIERRA });
    expect(await at(2)).toMatchObject({ type: 'fault', fault: { code: 28, message: 'Class hash not found' } });
    expect(await at(3)).toMatchObject({ type: 'result' });
    expect(await at(5)).toMatchObject({ type: 'result' });
  });

  it('that a block being built declares are there for that block only', async () => {
    const { block, stateUpdate } = openVectors((file) => readFileSync(join(root, file), 'utf8')).bundle(
      'mainnet/state_update_with_block/2.json',
    );
    const [service] = services as [RpcService];
    const id = '0x99';
    const bytes = readFileSync(join(root, 'sepolia/class', `${SIERRA}.json`));
    const value = encodeClassRecord({ kind: 'sierra', height: 6 as Height, bytes });
    fixture.store.commit([{ table: 'content', key: classKey(parseFelt(id)), value }]);
    const declared = [{ classHash: parseFelt(id), compiledClassHash: parseFelt('0x1') }];
    const diff: StateDiff = { ...stateUpdate.stateDiff, declaredClasses: declared };
    using view = fixture.store.view();
    const tip = { height: 5 as Height, hash: view.get('block', u64be(5))?.slice(0, 32) as never };
    const made = provisionalFrom({ block, stateDiff: diff }, tip);
    const ask = (block_id: string) => callMethod(service, 'starknet_getClass', { block_id, class_hash: id });
    expect(await ask('pre_confirmed')).toMatchObject({ fault: { code: 28 } });
    fixture.build([{ ...made, parts: { ...made.parts, stateDiff: encodeStateDiff(diff) } }]);
    expect(await ask('pre_confirmed')).toMatchObject({ type: 'result' });
    expect(await ask('latest')).toMatchObject({ fault: { code: 28 } });
    fixture.build([]);
  });

  it('are answered compiled, as the specification of executables says', async () => {
    const gateway = JSON.parse(readFileSync(join(root, 'sepolia/compiled_class', `${SIERRA}.json`), 'utf8'));
    const { pythonic_hints: _pythonic, ...expected } = gateway;
    for (const service of services) {
      const casm = await resultOf(service, 'starknet_getCompiledCasm', { class_hash: SIERRA });
      expect(casm).toEqual(expected);
      expect(casm).toMatchObject({
        prime: expect.stringMatching(/^0x[0-9a-f]+$/),
        compiler_version: expect.any(String),
        entry_points_by_type: {
          CONSTRUCTOR: expect.any(Array),
          EXTERNAL: expect.any(Array),
          L1_HANDLER: expect.any(Array),
        },
      });
    }
  });

  it('that have no compiled form to show say why', async () => {
    for (const service of services) {
      const ask = (class_hash: string) => callMethod(service, 'starknet_getCompiledCasm', { class_hash });
      expect(await ask('0x1234')).toMatchObject({ fault: { code: 28, message: 'Class hash not found' } });
      expect(await ask(CAIRO0)).toMatchObject({ fault: { code: 28 } });
      for (const id of [UNCOMPILED, EARLY]) {
        expect(await ask(id)).toMatchObject({
          fault: {
            code: 100,
            message: 'Failed to compile the contract',
            data: { compilation_error: expect.any(String) },
          },
        });
      }
    }
  });
});

/** A Cairo 0 answer as a class again: the text of its program goes in as it came out. */
function cairo0Text(
  answer: { readonly program?: string; readonly abi?: unknown; readonly entry_points_by_type: object },
  original: Uint8Array,
): string {
  const program = gunzipSync(Buffer.from(answer.program ?? '', 'base64')).toString();
  // An ABI that is left out is null in the hash where the class has null.
  const hasAbi = Buffer.from(original).includes('"abi"');
  const abi = answer.abi === undefined && hasAbi ? null : answer.abi;
  return `{"abi":${JSON.stringify(abi)},"entry_points_by_type":${JSON.stringify(answer.entry_points_by_type)},"program":${program}}`;
}
