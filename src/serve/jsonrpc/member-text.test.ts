import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memberText } from './member-text.ts';

it('a member is found as it stands, whatever is around it', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('result', 'resul', '"', 'id')), fc.jsonValue()),
      fc.constantFrom(undefined, 1, '\t'),
      (value, space) => {
        const found = memberText(JSON.stringify(value, null, space), 'result');
        if (Object.hasOwn(value, 'result'))
          expect(JSON.parse(found ?? 'nothing')).toEqual(JSON.parse(JSON.stringify(value.result)));
        else expect(found).toBeNull();
      },
    ),
    { numRuns: 2_000 },
  );
});

it('numbers are left as they are', () => {
  expect(memberText('{"id":1,"result": [18446744073709551615, 1.10] }', 'result')).toBe('[18446744073709551615, 1.10]');
});

it('of several members the last counts, as for a parser, and a member of a member does not', () => {
  expect(memberText('{"result":1,"a":{"result":2},"result":3,"b":"result"}', 'result')).toBe('3');
  expect(memberText('{"a":{"result":2},"b":["result",":",1]}', 'result')).toBeNull();
});
