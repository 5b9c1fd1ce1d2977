import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSynclineError } from '../../../../lib/index.ts';
import { readAnswer, readBlockRef } from './gateway-answer.ts';

const url = 'http://gateway/feeder_gateway/get_block';
const answer = (status: 200 | 400 | 500, text: string) => readAnswer({ status, body: Buffer.from(text), url });

describe('an answer of the gateway', () => {
  it('is absent when its error says so, under either prefix and any status', () => {
    for (const status of [200, 400, 500] as const) {
      for (const prefix of ['StarknetErrorCode', 'StarkErrorCode']) {
        const text = JSON.stringify({ code: `${prefix}.BLOCK_NOT_FOUND`, message: 'no' });
        expect(answer(status, text)).toEqual({ type: 'absent' });
      }
    }
  });

  it('is no error for having a member called code', () => {
    expect(answer(200, '{"code":"x","message":"y"}').type).toBe('object');
    expect(answer(200, '{"block":{"code":"StarknetErrorCode.BLOCK_NOT_FOUND"}}').type).toBe('object');
    expect(answer(400, '{"code":"x"}')).toMatchObject({ type: 'refused', errorCode: 'x', text: '' });
  });

  it('of bytes changed anywhere is an answer or a typed failure of the source', () => {
    const texts = [
      JSON.stringify({ block_hash: '0x12ab', block_number: 5 }),
      JSON.stringify({ code: 'StarknetErrorCode.BLOCK_NOT_FOUND', message: 'Block number 5 was not found.' }),
      JSON.stringify({ block: { block_hash: '0x1', transactions: [] }, state_update: {}, signature: ['0x1', '0x2'] }),
    ];
    const change = fc.record({ at: fc.nat(), drop: fc.nat(4), put: fc.uint8Array({ maxLength: 4 }) });
    const body = fc.tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(body, fc.constantFrom(200 as const, 400 as const, 500 as const), ([text, changes], status) => {
        let bytes = Buffer.from(text);
        for (const { at, drop, put } of changes) {
          const cut = at % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, cut), put, bytes.subarray(cut + drop)]);
        }
        try {
          const got = readAnswer({ status, body: bytes, url });
          if (got.type === 'object') readBlockRef(got, null);
        } catch (error) {
          if (!isSynclineError(error) || error.fault !== 'source') throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
