import { describe, expect, it } from 'vitest';
import { parseGatewayAddress } from './gateway-address.ts';

describe('a gateway address', () => {
  it.each([
    ['https://feeder.example/feeder_gateway', 'gateway:feeder.example:443/feeder_gateway'],
    ['https://feeder.example/feeder_gateway/', 'gateway:feeder.example:443/feeder_gateway'],
    ['http://127.0.0.1:8080', 'gateway:127.0.0.1:8080'],
    ['http://[::1]/x', 'gateway:[::1]:80/x'],
  ])('of %s has the id %s', (url, id) => expect(parseGatewayAddress(new URL(url)).id).toBe(id));

  it('keeps user, password and query out of everything that is shown', () => {
    const { id, origin, basePath, authorization, baseQuery, secrets } = parseGatewayAddress(
      new URL('https://operator:p%40ssword@feeder.example/feeder_gateway?apikey=canary-key'),
    );
    expect(`${id} ${origin} ${basePath}`).toBe(
      'gateway:feeder.example:443/feeder_gateway https://feeder.example /feeder_gateway',
    );
    expect(authorization).toBe(`Basic ${Buffer.from('operator:p@ssword').toString('base64')}`);
    expect(baseQuery).toBe('apikey=canary-key');
    expect(secrets).toEqual(expect.arrayContaining(['p@ssword', 'p%40ssword', 'canary-key']));
  });

  it('of another scheme is refused', () => {
    const parsing = () => parseGatewayAddress(new URL('ftp://feeder.example/'));
    expect(parsing).toThrowError(expect.objectContaining({ code: 'SOURCE_UNSUPPORTED', fault: 'caller' }));
  });
});
