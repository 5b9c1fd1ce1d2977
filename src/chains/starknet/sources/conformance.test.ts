import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { type ServeFolderOptions, serveFolder } from '../../../devnet/folder-gateway.ts';
import { parseHeight } from '../../../engine/index.ts';
import { createSystemEnv, silentLogger } from '../../../lib/index.ts';
import { type OpenedSource, testSource } from '../../../testing/index.ts';
import { createFolderSource, createGatewaySource, outlineObject } from './index.ts';

const vectors = vectorsDir();

/** What the parts of this chain stand for. */
const covers: NonNullable<OpenedSource['covers']> = ({ part, bytes }) => {
  if (part !== 'bundle') return [];
  return ['block', 'stateUpdate', ...(outlineObject(bytes)?.has('signature') ? ['signature'] : [])];
};

const secrets = ['canary-key-1', 'canary-password-2', 'canary-query-3'];

function openGateway(base: URL) {
  const url = new URL(base);
  url.username = 'operator';
  url.password = 'canary-password-2';
  url.search = '?apikey=canary-query-3';
  return createGatewaySource({ url, key: 'canary-key-1', env: createSystemEnv(), log: silentLogger });
}

async function openServed(network: string, options: Omit<ServeFolderOptions, 'path'> = {}): Promise<OpenedSource> {
  const served = await serveFolder({ path: join(vectors ?? '', 'starknet', network), ...options });
  const source = openGateway(served.url);
  const present = [0, 3, 6].map(parseHeight);
  return { source, present, absent: parseHeight(7_000_000), covers, cleanup: served.close };
}

async function openFolder(network: string, present: readonly number[]): Promise<OpenedSource> {
  const source = createFolderSource({ path: join(vectors ?? '', 'starknet', network), log: silentLogger });
  return { source, present: present.map(parseHeight), absent: parseHeight(50_000), covers };
}

/** A gateway that takes requests and never answers. */
async function openStalled(): Promise<OpenedSource> {
  const server = createServer(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cleanup = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const source = openGateway(new URL(`http://127.0.0.1:${port}/feeder_gateway`));
  return { source, present: [parseHeight(0)], absent: parseHeight(1), covers, cleanup };
}

describe.skipIf(vectors === null)('conformance', () => {
  const runner = { describe, it };
  testSource(runner, 'gateway', { open: () => openServed('sepolia'), openStalled, secrets });
  testSource(runner, 'gateway that ignores includeBlock', {
    open: () => openServed('goerli2', { bundles: 'ignored' }),
    secrets,
  });
  testSource(runner, 'gateway that refuses includeBlock', {
    open: () => openServed('mainnet', { bundles: 'refused' }),
    secrets,
  });
  testSource(runner, 'folder of single files', { open: () => openFolder('mainnet', [0, 4, 9]) });
  testSource(runner, 'folder with bundles', { open: () => openFolder('integration', [0, 1, 78_541]) });
  testSource(runner, 'folder that begins above genesis', {
    open: async () => {
      const path = await mkdtemp(join(tmpdir(), 'syncline-folder-'));
      const from = join(vectors ?? '', 'starknet', 'sepolia-integration', 'state_update_with_block');
      await cp(from, join(path, 'state_update_with_block'), { recursive: true });
      const source = createFolderSource({ path, log: silentLogger });
      const present = [9_703, 11_493_796].map(parseHeight);
      const cleanup = () => rm(path, { recursive: true });
      return { source, present, absent: parseHeight(0), covers, cleanup };
    },
  });
});
