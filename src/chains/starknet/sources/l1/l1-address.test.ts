import { describe, expect, it } from 'vitest';
import { isL1Url, l1SourceUrl, parseL1Address } from './l1-address.ts';

describe('the address of an L1 node', () => {
  it.each([
    ['l1+https://mainnet.example/v3/0123456789abcdef', 'l1:mainnet.example:443', 'http'],
    ['l1+http://127.0.0.1:8545', 'l1:127.0.0.1:8545', 'http'],
    ['l1+wss://mainnet.example/ws/v3/0123456789abcdef?key=fedcba98', 'l1:mainnet.example:443', 'websocket'],
    ['l1+ws://[::1]:8546/', 'l1:[::1]:8546', 'websocket'],
    ['l1+ws://me:pass-word@host', 'l1:host:80', 'websocket'],
  ])('%s is named %s', (url, id, transport) => {
    expect(isL1Url(new URL(url))).toBe(true);
    expect(parseL1Address(new URL(url))).toMatchObject({ id, transport });
  });

  it('is sent whole and shows no part of path, query and credentials', () => {
    const address = parseL1Address(new URL('l1+https://me:pass%2Dword@host:9/v3/key-in-path?apikey=key-in-query'));
    expect(address).toMatchObject({
      origin: 'https://host:9',
      path: '/v3/key-in-path?apikey=key-in-query',
      authorization: `Basic ${Buffer.from('me:pass-word').toString('base64')}`,
    });
    for (const secret of ['pass-word', 'key-in-path', 'key-in-query', 'apikey=key-in-query']) {
      expect(address.secrets).toContain(secret);
    }
  });

  it.each(['l1+ftp://host/', 'l1+file:///a', 'https://host/', 'l1+https://', 'l1+https:', 'l1+x:y'])(
    '%s is unsupported',
    (url) => {
      const parse = () => parseL1Address(new URL(url));
      expect(parse).toThrowError(expect.objectContaining({ code: 'SOURCE_UNSUPPORTED', fault: 'caller' }));
    },
  );
});

describe('the URL that a provider gives', () => {
  it.each(['https://host/v3/key', 'http://host', 'ws://host:1', 'wss://host/?k=1'])('%s becomes a source', (text) => {
    expect(l1SourceUrl(text)).toBe(`l1+${text}`);
    expect(l1SourceUrl(`l1+${text}`)).toBe(`l1+${text}`);
  });

  it.each(['secret-text', 'ftp://host/secret-text', 'https//secret-text', ''])('%j is refused unseen', (text) => {
    let error: unknown = null;
    try {
      l1SourceUrl(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'SOURCE_UNSUPPORTED', data: { exitCode: 2 } });
    expect(JSON.stringify([(error as Error).message, (error as { data: unknown }).data])).not.toContain('secret-text');
  });
});
