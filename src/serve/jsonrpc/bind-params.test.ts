import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBinder } from './bind-params.ts';

const bind = createBinder(['block_id', 'flags?', 'limit?']);
const refusal = (reason: RegExp) =>
  expect.objectContaining({
    body: {
      code: -32602,
      message: 'Invalid params',
      data: { reason: expect.stringMatching(reason), expected: ['block_id', 'flags?', 'limit?'] },
    },
  });

describe('parameters', () => {
  it('by position and by name come to the same', () => {
    expect(bind(['latest', ['a']])).toEqual({ block_id: 'latest', flags: ['a'] });
    expect(bind({ flags: ['a'], block_id: 'latest' })).toEqual({ block_id: 'latest', flags: ['a'] });
    expect(createBinder([])(undefined)).toEqual({});
  });

  it('that may be left out may be null; the others get the null as it is', () => {
    expect(bind(['latest', null, 5])).toEqual({ block_id: 'latest', limit: 5 });
    expect(bind({ block_id: null, flags: null })).toEqual({ block_id: null });
  });

  it('that are missing, unknown or too many are named', () => {
    expect(() => bind([])).toThrow(refusal(/parameter block_id is missing/));
    expect(() => bind(undefined)).toThrow(refusal(/parameter block_id is missing/));
    expect(() => bind({ flags: [] })).toThrow(refusal(/parameter block_id is missing/));
    expect(() => bind({ block_id: 1, flgas: 2 })).toThrow(refusal(/unknown parameter "flgas"/));
    expect(() => bind([1, 2, 3, 4])).toThrow(refusal(/4 parameters, expected at most 3/));
  });

  it('with names that objects have by themselves are parameters like any other', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const params = JSON.parse(`{"block_id":1,"${name}":{"polluted":true}}`) as Record<string, unknown>;
      expect(() => bind(params)).toThrow(refusal(/unknown parameter/));
    }
    expect(() => createBinder(['toString'])({})).toThrow(/Invalid params/);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('with an endless name do not fill the answer', () => {
    expect(() => bind({ ['x'.repeat(1_000_000)]: 1 })).toThrow(refusal(/^unknown parameter "x{64}…"$/));
  });

  it('are the same values that were given, under declared names only, or refused', () => {
    const names = ['block_id', 'flags', 'limit'];
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (params) => {
        let bound: Readonly<Record<string, unknown>>;
        try {
          bound = bind(params as unknown[]);
        } catch (error) {
          expect(error).toMatchObject({ name: 'RpcFault', body: { code: -32602 } });
          return;
        }
        const given = Array.isArray(params) ? params : names.map((name) => params[name]);
        for (const [name, value] of Object.entries(bound)) expect(value).toBe(given[names.indexOf(name)]);
      }),
    );
  });
});
