import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createSystemEnv, silentLogger } from '../../../lib/index.ts';
import { createStarknetSource } from './create-source.ts';

const context = { env: createSystemEnv(), log: silentLogger };

describe('the source behind a url', () => {
  it.each([
    [
      'https://feeder.alpha-mainnet.starknet.io/feeder_gateway',
      'gateway:feeder.alpha-mainnet.starknet.io:443/feeder_gateway',
    ],
    ['http://user:secret@127.0.0.1:9/x/?key=secret', 'gateway:127.0.0.1:9/x'],
  ])('%s is the gateway %s', async (url, id) => {
    const source = createStarknetSource(new URL(url), context, {
      gatewayKey: 'some-key',
      timeouts: { totalTimeoutMs: 1 },
    });
    expect(source.id).toBe(id);
    await source[Symbol.asyncDispose]();
  });

  it('of a file is a folder, with spaces and a slash at its end taken well', async () => {
    const path = join(process.cwd(), 'a folder');
    await using source = createStarknetSource(new URL(`${pathToFileURL(path).href}/`), context);
    expect(source.id).toBe(`folder:${path}`);
  });

  it.each(['ftp://example/', 'file://elsewhere/folder', 'ws://127.0.0.1/'])('%s is unsupported', (url) => {
    const create = () => createStarknetSource(new URL(url), context);
    expect(create).toThrowError(expect.objectContaining({ code: 'SOURCE_UNSUPPORTED', fault: 'caller' }));
  });
});
