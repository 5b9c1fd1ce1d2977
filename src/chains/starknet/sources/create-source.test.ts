import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createSystemEnv, silentLogger } from '../../../lib/index.ts';
import { starknet } from '../starknet.ts';
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

  it.each(['l1+http', 'l1+https', 'l1+ws', 'l1+wss'])('of the scheme %s is the core contract on L1', async (scheme) => {
    const l1 = { chainId: 1, coreContract: `0x${'c0'.repeat(20)}` };
    const url = new URL(`${scheme}://me:secret@host:5/v3/secret?key=secret`);
    await using source = createStarknetSource(url, context, { l1 });
    expect(source).toMatchObject({ id: 'l1:host:5', standing: 'anchor', parts: [] });
    expect(() => createStarknetSource(url, context)).toThrowError(
      expect.objectContaining({ code: 'SOURCE_UNSUPPORTED', message: 'this network names no core contract on L1' }),
    );
  });

  it('on L1 is opened beside those that the user names, for every network that settles there', async () => {
    const l1Url = 'https://host/v3/secret';
    expect(starknet({ network: 'starknet-mainnet' }).companions).toBeUndefined();
    const chain = starknet({ network: 'starknet-mainnet', l1Url });
    expect(chain.companions).toEqual(['l1+https://host/v3/secret']);
    await using source = chain.createSource(new URL('l1+https://host/v3/secret'), context);
    expect(source.id).toBe('l1:host:443');
    expect(() => starknet({ network: 'starknet-mainnet', l1Url: 'host/v3/secret' })).toThrowError(
      expect.objectContaining({ code: 'SOURCE_UNSUPPORTED', fault: 'caller' }),
    );
  });

  it.each(['ftp://example/', 'file://elsewhere/folder', 'ws://127.0.0.1/', 'l1+ftp://host/'])(
    '%s is unsupported',
    (url) => {
      const create = () => createStarknetSource(new URL(url), context);
      expect(create).toThrowError(expect.objectContaining({ code: 'SOURCE_UNSUPPORTED', fault: 'caller' }));
    },
  );
});
