import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FolderGateway, type ServeFolderOptions, serveFolder } from './folder-gateway.ts';

let root = '';
let open: FolderGateway[] = [];

const block = (height: number) => ({ block_hash: `0xb${height}`, block_number: height, transactions: [] });
const update = (height: number) => ({ block_hash: `0xb${height}`, state_diff: {} });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'syncline-gateway-'));
  for (const folder of ['block', 'state_update', 'signature', 'state_update_with_block', 'class', 'compiled_class'])
    await mkdir(join(root, folder));
  await writeFile(join(root, 'class/0xc1.json'), JSON.stringify({ sierra_program: [] }));
  await writeFile(join(root, 'compiled_class/0xc1.json'), JSON.stringify({ bytecode: [] }));
  for (const height of [0, 1]) {
    await writeFile(join(root, `block/${height}.json`), JSON.stringify(block(height)));
    await writeFile(join(root, `state_update/${height}.json`), JSON.stringify(update(height)));
  }
  await writeFile(join(root, 'signature/1.json'), JSON.stringify({ block_hash: '0xb1', signature: ['0x1', '0x2'] }));
  const bundle = { block: block(2), state_update: update(2), signature: ['0x3', '0x4'] };
  await writeFile(join(root, 'state_update_with_block/2.json'), JSON.stringify(bundle));
  await writeFile(join(root, 'public_key.json'), '"0x5"');
});
afterEach(async () => {
  for (const gateway of open) await gateway.close();
  open = [];
  await rm(root, { recursive: true });
});

async function serve(options: Omit<ServeFolderOptions, 'path'> = {}) {
  const gateway = await serveFolder({ path: root, ...options });
  open.push(gateway);
  const ask = async (call: string) => {
    const response = await fetch(`${gateway.url.href}/${call}`);
    return { status: response.status, body: (await response.json()) as unknown };
  };
  return { gateway, ask };
}

describe('a folder served as a gateway', () => {
  it.each<[string, unknown]>([
    ['get_block?blockNumber=1', block(1)],
    ['get_block?blockNumber=2', block(2)],
    ['get_block?blockNumber=latest', block(2)],
    ['get_block?blockHash=0xb1', block(1)],
    ['get_block?blockHash=0x00B2', block(2)],
    ['get_block?blockNumber=latest&headerOnly=true', { block_hash: '0xb2', block_number: 2 }],
    ['get_state_update?blockNumber=1', update(1)],
    ['get_state_update?blockNumber=2', update(2)],
    [
      'get_state_update?blockNumber=0&includeBlock=true&includeSignature=true',
      { block: block(0), state_update: update(0) },
    ],
    ['get_state_update?blockNumber=1&includeBlock=true', { block: block(1), state_update: update(1) }],
    [
      'get_state_update?blockNumber=1&includeBlock=true&includeSignature=true',
      { block: block(1), state_update: update(1), signature: ['0x1', '0x2'] },
    ],
    [
      'get_state_update?blockNumber=2&includeBlock=true&includeSignature=true',
      { block: block(2), state_update: update(2), signature: ['0x3', '0x4'] },
    ],
    ['get_signature?blockNumber=1', { block_hash: '0xb1', signature: ['0x1', '0x2'] }],
    ['get_signature?blockNumber=2', { block_hash: '0xb2', signature: ['0x3', '0x4'] }],
    ['get_class_by_hash?classHash=0xc1&blockNumber=latest', { sierra_program: [] }],
    ['get_class_by_hash?classHash=0x00C1', { sierra_program: [] }],
    ['get_compiled_class_by_class_hash?classHash=0xc1&blockNumber=latest', { bytecode: [] }],
    ['get_public_key', '0x5'],
  ])('answers %s', async (call, body) => {
    const { ask } = await serve();
    expect(await ask(call)).toEqual({ status: 200, body });
  });

  it.each([
    ['get_block?blockNumber=3', 'StarknetErrorCode.BLOCK_NOT_FOUND'],
    ['get_block?blockNumber=3&headerOnly=true', 'StarknetErrorCode.BLOCK_NOT_FOUND'],
    ['get_block?blockHash=0xb7', 'StarknetErrorCode.BLOCK_NOT_FOUND'],
    ['get_state_update?blockNumber=3&includeBlock=true', 'StarknetErrorCode.BLOCK_NOT_FOUND'],
    ['get_signature?blockNumber=0', 'StarknetErrorCode.BLOCK_NOT_FOUND'],
    ['get_block?blockNumber=..%2Fpublic_key', 'StarkErrorCode.MALFORMED_REQUEST'],
    ['get_block', 'StarkErrorCode.MALFORMED_REQUEST'],
    ['get_class_by_hash?classHash=0xc2&blockNumber=latest', 'StarknetErrorCode.UNDECLARED_CLASS'],
    ['get_class_by_hash?classHash=..%2Fpublic_key', 'StarknetErrorCode.UNDECLARED_CLASS'],
    ['get_compiled_class_by_class_hash', 'StarknetErrorCode.UNDECLARED_CLASS'],
  ])('refuses %s', async (call, code) => {
    const { ask } = await serve();
    expect(await ask(call)).toMatchObject({ status: 400, body: { code } });
  });

  it('knows no other call', async () => {
    const { gateway } = await serve();
    expect((await fetch(`${gateway.url.href}/get_everything`)).status).toBe(404);
    expect((await fetch(`${gateway.url.href}/get_block?blockNumber=0`, { method: 'POST' })).status).toBe(404);
    expect(gateway.requests).toHaveLength(2);
  });

  it('can be asked to fail every so often', async () => {
    const { gateway } = await serve({ faults: ['429:3', 'truncate:every2'] });
    const outcomes: string[] = [];
    for (let n = 1; n <= 6; n++) {
      const response = await fetch(`${gateway.url.href}/get_block?blockNumber=0`);
      const body = await response.text().catch(() => 'broken');
      outcomes.push(response.status === 429 ? `429 ${response.headers.get('retry-after')}` : body.slice(0, 6));
    }
    expect(outcomes).toEqual(['{"bloc', 'broken', '429 1', 'broken', '{"bloc', '429 1']);
  });

  it('can be slow, and closes at once all the same', async () => {
    const { gateway, ask } = await serve({ faults: ['slow:50'] });
    const startedMs = performance.now();
    await ask('get_block?blockNumber=0');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(45);
    const slower = await serve({ faults: ['slow:600000'] });
    const pending = slower.ask('get_block?blockNumber=0').catch(() => 'closed');
    await expect.poll(() => slower.gateway.requests.length).toBe(1);
    await slower.gateway.close();
    expect(await pending).toBe('closed');
    await gateway.close();
    await gateway.close();
  });

  it('refuses faults it does not know', async () => {
    const serving = serveFolder({ path: root, faults: ['429:0'] });
    await expect(serving).rejects.toMatchObject({ code: 'FAULT_UNKNOWN', fault: 'caller' });
  });
});
