import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { type Delivery, parseHeight, type Source } from '../../../../engine/index.ts';
import { silentLogger, toHex } from '../../../../lib/index.ts';
import { createFolderSource, type FolderSourceOptions } from './folder-source.ts';

const signal = new AbortController().signal;
let root = '';
let opened: Source[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'syncline-folder-'));
});
afterEach(async () => {
  for (const source of opened) await source[Symbol.asyncDispose]();
  opened = [];
  await rm(root, { recursive: true });
});

function openFolder(options: Partial<FolderSourceOptions> = {}): Source {
  const source = createFolderSource({ path: root, log: silentLogger, ...options });
  opened.push(source);
  return source;
}

async function put(name: string, content: unknown): Promise<void> {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(
    path,
    content instanceof Uint8Array || typeof content === 'string' ? content : JSON.stringify(content),
  );
}

const block = (height: number) => ({ block_hash: `0x${(height + 0x100).toString(16)}`, block_number: height });
const update = (height: number) => ({ block_hash: `0x${(height + 0x100).toString(16)}`, state_diff: {} });

async function putPair(height: number): Promise<void> {
  await put(`block/${height}.json`, block(height));
  await put(`state_update/${height}.json`, update(height));
}

async function survey(source: Source) {
  const { spans, head } = await source.survey({ signal });
  const text = spans.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(' ');
  return { spans: text, head: head === null ? null : head.height, hash: head === null ? null : toHex(head.hash) };
}

async function fetchAll(source: Source, height: number, parts: readonly string[]) {
  const deliveries: Delivery[] = [];
  for await (const delivery of source.fetch({ height: parseHeight(height), parts }, { signal })) {
    deliveries.push(delivery);
  }
  const contentOf = (delivery: Delivery) =>
    delivery.type === 'absent' ? 'absent' : (JSON.parse(Buffer.from(delivery.bytes).toString()) as unknown);
  return Object.fromEntries(deliveries.map((delivery) => [delivery.part, contentOf(delivery)]));
}

describe('the classes of a folder', () => {
  const sierra = { sierra_program: ['0x1'], entry_points_by_type: {} };
  const compiled = { bytecode: ['0x1'], entry_points_by_type: {} };
  const fetchClass = async (source: Source, parts: readonly string[], id?: string) => {
    const deliveries: Delivery[] = [];
    const request = { height: parseHeight(0), parts, ...(id === undefined ? {} : { id }) };
    for await (const delivery of source.fetch(request, { signal })) deliveries.push(delivery);
    return Object.fromEntries(
      deliveries.map((one) => [one.part, one.type === 'bytes' ? JSON.parse(Buffer.from(one.bytes).toString()) : null]),
    ) as Record<string, unknown>;
  };

  it('are files named by the class hash, plain or compressed', async () => {
    await put('class/0xc1.json', sierra);
    await put('compiled_class/0xc1.json.gz', gzipSync(JSON.stringify(compiled)));
    const source = openFolder();
    const parts = ['class', 'compiledClass'];
    expect(await fetchClass(source, parts, '0xc1')).toEqual({ class: sierra, compiledClass: compiled });
    expect(await fetchClass(source, parts, '0x00C1')).toEqual({ class: sierra, compiledClass: compiled });
    expect(await fetchClass(source, parts, '0xc1/0xd1/blake2s')).toEqual({ class: sierra, compiledClass: compiled });
  });

  it('are absent where there is no such file, no id, or an id that leads elsewhere', async () => {
    await put('class/0xc1.json', sierra);
    await put('class/0xc2.alt.json', sierra);
    await put('0xc3.json', sierra);
    const source = openFolder();
    for (const id of [undefined, '', '0xc2', '../0xc3', '0xc1.json', 'c1', '/', '0x']) {
      expect(await fetchClass(source, ['class', 'compiledClass'], id), String(id)).toEqual({
        class: null,
        compiledClass: null,
      });
    }
  });

  it('do not make heights', async () => {
    await put('class/7.json', sierra);
    await putPair(0);
    expect(await survey(openFolder())).toMatchObject({ spans: '0', head: 0 });
  });

  it('that are cut short are a failure, not an answer', async () => {
    await put('class/0xc1.json', '{"sierra_program":["0x1"');
    await expect(fetchClass(openFolder(), ['class'], '0xc1')).rejects.toMatchObject({
      code: 'SOURCE_BAD_ANSWER',
      fault: 'source',
    });
  });
});

describe('the survey of a folder', () => {
  it('spans the heights with both block and state update, from two files or from one', async () => {
    for (const height of [0, 1, 2, 7]) await putPair(height);
    await put('block/3.json', block(3));
    await put('state_update/4.json', update(4));
    await put('state_update_with_block/8.json', { block: block(8), state_update: update(8) });
    await put('state_update_with_block/2.json', { block: block(2), state_update: update(2) });
    expect(await survey(openFolder())).toMatchObject({ spans: '0-2 7-8', head: 2 });
  });

  it('has its head on top of the last span when it does not begin at genesis', async () => {
    for (const height of [5, 6, 9, 10]) await putPair(height);
    const { spans, head, hash } = await survey(openFolder());
    expect({ spans, head }).toEqual({ spans: '5-6 9-10', head: 10 });
    expect(hash).toBe(`0x${(0x10a).toString(16).padStart(64, '0')}`);
  });

  it('reads the hash of a head that is only in a bundle', async () => {
    await put('state_update_with_block/0.json', { state_update: update(0), block: block(0) });
    expect(await survey(openFolder())).toMatchObject({ spans: '0', head: 0, hash: expect.stringMatching(/^0x0+100$/) });
  });

  it('ignores every other name', async () => {
    await putPair(0);
    for (const name of [
      'latest',
      'pending',
      '1.alt',
      '01',
      '+1',
      '1e3',
      '0x1',
      '-1',
      ' 1',
      '1 ',
      '99999999999999999999',
    ]) {
      await put(`block/${name}.json`, block(1));
      await put(`state_update/${name}.json`, update(1));
    }
    await put('block/1.txt', block(1));
    await put('state_update/1.json', update(1));
    expect(await survey(openFolder())).toMatchObject({ spans: '0', head: 0 });
  });

  it('of an empty folder is empty', async () => {
    expect(await survey(openFolder())).toEqual({ spans: '', head: null, hash: null });
  });

  it('fails as unavailable where there is no folder', async () => {
    await put('file', 'x');
    for (const path of [join(root, 'missing'), join(root, 'file')]) {
      await expect(survey(openFolder({ path }))).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', fault: 'source' });
    }
  });

  it('follows a folder that grows, and one whose head is replaced', async () => {
    const source = openFolder();
    await putPair(0);
    expect(await survey(source)).toMatchObject({ spans: '0', head: 0 });
    await putPair(1);
    const first = await survey(source);
    expect(first).toMatchObject({ spans: '0-1', head: 1 });
    await put('block/1.json', { block_hash: '0xdead1', block_number: 1 });
    expect((await survey(source)).hash).toMatch(/dead1$/);
    await rm(join(root, 'block/1.json'));
    expect(await survey(source)).toMatchObject({ spans: '0', head: 0 });
  });

  it('has its head below a file that is still being written, and fails when none is whole', async () => {
    for (const height of [0, 1]) await putPair(height);
    await put('block/1.json', '{"block_hash":"0x1","trans');
    expect(await survey(openFolder())).toMatchObject({ spans: '0-1', head: 0 });
    await put('block/0.json', '{');
    await expect(survey(openFolder())).rejects.toMatchObject({ code: 'SOURCE_BAD_ANSWER', fault: 'source' });
  });
});

describe('a folder asked for a block', () => {
  const pair = ['block', 'stateUpdate', 'signature'];

  it('delivers two files before one, and a missing signature as absent', async () => {
    await putPair(0);
    await put('state_update_with_block/0.json', { block: block(0), state_update: update(0), signature: [] });
    const source = openFolder();
    expect(await fetchAll(source, 0, pair)).toEqual({ block: block(0), stateUpdate: update(0), signature: 'absent' });
    expect(Object.keys(await fetchAll(source, 0, ['bundle']))).toEqual(['bundle']);
    await put('signature/0.json', { signature: ['0x1', '0x2'] });
    expect((await fetchAll(source, 0, pair)).signature).toEqual({ signature: ['0x1', '0x2'] });
  });

  it('delivers the one file that holds both where a part has no file of its own', async () => {
    await put('block/0.json', block(0));
    const bundle = { block: block(0), state_update: update(0) };
    await put('state_update_with_block/0.json', bundle);
    const source = openFolder();
    expect(await fetchAll(source, 0, pair)).toEqual({ bundle, signature: 'absent' });
    expect(await fetchAll(source, 0, ['stateUpdate'])).toEqual({ bundle });
    expect(await fetchAll(source, 0, ['block'])).toEqual({ block: block(0) });
    await put('state_update_with_block/0.json', { ...bundle, signature: [] });
    expect(Object.keys(await fetchAll(source, 0, pair))).toEqual(['bundle']);
  });

  it('delivers the half it has', async () => {
    await put('block/3.json', block(3));
    expect(await fetchAll(openFolder(), 3, pair)).toEqual({
      block: block(3),
      stateUpdate: 'absent',
      signature: 'absent',
    });
  });

  it('inflates compressed files', async () => {
    await put('block/0.json.gz', gzipSync(JSON.stringify(block(0))));
    await put('state_update/0.json.gz', gzipSync(JSON.stringify(update(0))));
    const source = openFolder();
    expect(await survey(source)).toMatchObject({ spans: '0', head: 0 });
    expect(await fetchAll(source, 0, ['block', 'stateUpdate'])).toEqual({ block: block(0), stateUpdate: update(0) });
  });

  it.each<[string, string, string | Uint8Array, string]>([
    ['cut short', 'block/0.json', '{"block_hash":', 'SOURCE_BAD_ANSWER'],
    ['empty', 'block/0.json', '', 'SOURCE_BAD_ANSWER'],
    ['too large', 'block/0.json', JSON.stringify({ a: 'x'.repeat(2000) }), 'SOURCE_BAD_ANSWER'],
    ['a bomb', 'block/0.json.gz', gzipSync(Buffer.alloc(100_000)), 'SOURCE_BAD_ANSWER'],
    ['damaged', 'block/0.json.gz', Buffer.from('no gzip'), 'SOURCE_BAD_ANSWER'],
  ])('fails typed when the file is %s', async (_how, name, content, code) => {
    await put(name, content);
    const source = openFolder({ bodyLimits: { wireBytesMax: 1000, bodyBytesMax: 1000 } });
    await expect(fetchAll(source, 0, ['block'])).rejects.toMatchObject({
      code,
      fault: 'source',
      data: { file: join(root, name) },
    });
  });

  it('fails typed when the name belongs to a folder, a device, or nobody may read it', async () => {
    await mkdir(join(root, 'block/0.json'), { recursive: true });
    await symlink('/dev/zero', join(root, 'block/1.json'));
    await put('block/2.json', block(2));
    await chmod(join(root, 'block/2.json'), 0);
    const source = openFolder();
    const failure = { code: 'SOURCE_UNAVAILABLE', fault: 'source' };
    await expect(fetchAll(source, 0, ['block'])).rejects.toMatchObject(failure);
    await expect(fetchAll(source, 1, ['block'])).rejects.toMatchObject(failure);
    if (process.getuid?.() !== 0) await expect(fetchAll(source, 2, ['block'])).rejects.toMatchObject(failure);
  });
});

describe.skipIf(vectorsDir() === null)('published captures as a folder', () => {
  it.each([
    ['mainnet', '0-9', 9, '31e5a5851e1a492827ba33180acb98263d1ace0f46fd4000bd4216d2119d480'],
    ['sepolia', '0-6 100000', 6, '7e16179ff54fa8bb1533fe2eea930e9e2bd658faaf9972533c9d3a9303171fc'],
    ['goerli', '0 119802', 0, '7d328a71faf48c5c3857e99f20a77b18522480956d1cd5bff1ff2df3c8b427b'],
    ['goerli2', '0-6', 6, 'dc4f7b00430daf9a6985145de533323be2a034252014eb39a958457f690b3b'],
    ['integration', '0-1 78541 283364', 1, '34e815552e42c5eb5233b99de2d3d7fd396e575df2719bf98e7ed2794494f86'],
    [
      'sepolia-integration',
      '0 9703 35748 38748 63881 3077642 11493796',
      0,
      '19f675d3fb226821493a6ab9a1955e384bba80f130de625621a418e9a7c0ca3',
    ],
  ])('%s has the spans %s', async (network, spans, head, hash) => {
    const source = openFolder({ path: join(vectorsDir() ?? '', 'starknet', network) });
    expect(await survey(source)).toEqual({ spans, head, hash: `0x${hash.padStart(64, '0')}` });
  });

  it('deliver every block of their spans', async () => {
    for (const network of ['mainnet', 'sepolia', 'goerli2', 'integration', 'sepolia-integration']) {
      const source = openFolder({ path: join(vectorsDir() ?? '', 'starknet', network) });
      for (const { from, to } of (await source.survey({ signal })).spans) {
        for (let height = from; height <= to; height++) {
          const parts = Object.keys(await fetchAll(source, height, ['block', 'stateUpdate'])).sort();
          expect([['bundle'], ['block', 'stateUpdate']]).toContainEqual(parts);
          const hash = await source.hashAt(parseHeight(height), { signal });
          expect(hash).toHaveLength(32);
        }
      }
    }
  });

  it('have a hash where only the block was kept, and none where nothing was', async () => {
    const source = openFolder({ path: join(vectorsDir() ?? '', 'starknet', 'mainnet') });
    expect(await source.hashAt(parseHeight(147), { signal })).toHaveLength(32);
    expect(await source.hashAt(parseHeight(10), { signal })).toBeNull();
    expect(await fetchAll(source, 350_000, ['block', 'stateUpdate', 'signature'])).toMatchObject({ block: 'absent' });
  });
});
