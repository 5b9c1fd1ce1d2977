import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareCodePoints, writeCanonicalJson } from './canonical-json.ts';
import { parseJsonText } from './json-text.ts';

const parse = (text: string) => parseJsonText(new TextEncoder().encode(text), 'test');
const written = (text: string) => writeCanonicalJson(parse(text));

describe('writing JSON as Python does with sorted keys', () => {
  // Each made with Python 3's `json.dumps(json.loads(text), sort_keys=True)`.
  it.each([
    ['[]', '[]'],
    ['{ }', '{}'],
    ['[1,2 , 3]', '[1, 2, 3]'],
    ['{"b":1,"a":[true,false,null]}', '{"a": [true, false, null], "b": 1}'],
    ['{"10":0,"9":0,"a":0,"B":0,"":0}', '{"": 0, "10": 0, "9": 0, "B": 0, "a": 0}'],
    ['"\\u0000\\u001f \\u007e\\u007f\\u0080é"', '"\\u0000\\u001f ~\\u007f\\u0080\\u00e9"'],
    ['"\\u0008\\u000c\\u000a\\u000d\\u0009\\"\\\\\\/"', '"\\b\\f\\n\\r\\t\\"\\\\/"'],
    ['"\u{1f980}\u20ac"', '"\\ud83e\\udd80\\u20ac"'],
    ['{"\u{1f980}":1,"\ue000":2}', '{"\\ue000": 2, "\\ud83e\\udd80": 1}'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
  ])('%s', (text, expected) => {
    expect(written(text)).toBe(expected);
  });

  it('sorts by code point', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const points = (s: string) => Array.from(s, (c) => c.codePointAt(0) as number);
        const [left, right] = [points(a), points(b)];
        const at = left.findIndex((point, i) => point !== right[i]);
        const expected = at < 0 ? left.length - right.length : (left[at] as number) - (right[at] ?? -1);
        expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(expected));
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same text in whatever order the members come', () => {
    const names = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 8 });
    fc.assert(
      fc.property(names, (order) => {
        const text = (some: readonly string[]) => `{${some.map((name) => `${JSON.stringify(name)}:[]`).join(',')}}`;
        expect(written(text(order))).toBe(written(text(order.toReversed())));
      }),
      { numRuns: 200 },
    );
  });

  it('is ASCII, has the same values, and writing it again changes nothing', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5, stringUnit: 'binary' }), (text) => {
        const value = parse(text);
        const once = writeCanonicalJson(value);
        expect(once).toMatch(/^[\x20-\x7e]*$/);
        expect(written(once)).toBe(once);
        expect(JSON.parse(once)).toEqual(JSON.parse(text));
      }),
      { numRuns: 200 },
    );
  });

  it('changes the text of members where it is asked to, and no other', () => {
    const value = parse('{"value":"a","other":"a","list":["a",{"value":"b"}]}');
    expect(writeCanonicalJson(value, { rewrite: (name, text) => (name === 'value' ? `${text}!` : text) })).toBe(
      '{"list": ["a", {"value": "b!"}], "other": "a", "value": "a!"}',
    );
  });
});
