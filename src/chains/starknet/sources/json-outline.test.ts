import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonText } from '../classes/index.ts';
import { numberMember, outlineObject, stringMember } from './json-outline.ts';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));

function values(text: string): Record<string, string> | null {
  const bytes = bytesOf(text);
  const outline = outlineObject(bytes);
  if (outline === null) return null;
  const entries = [...outline].map(([key, { start, end }]) => [
    key,
    Buffer.from(bytes.subarray(start, end)).toString(),
  ]);
  return Object.fromEntries(entries);
}

describe('the outline of a json object', () => {
  it('gives the members of the top level with their values as text', () => {
    const text = ' {"a" : 1 ,"b":{"c":"}\\"]"},"d":[[],{}] ,"e":"x","f":null}\n';
    expect(values(text)).toEqual({ a: '1', b: '{"c":"}\\"]"}', d: '[[],{}]', e: '"x"', f: 'null' });
  });

  it('of an empty object has no members', () => expect(values('{ }')).toEqual({}));

  it('takes the last of equal keys and treats __proto__ as any other', () => {
    const bytes = bytesOf('{"a":1,"__proto__":{"x":1},"a":2}');
    const outline = outlineObject(bytes);
    expect([...(outline?.keys() ?? [])]).toEqual(['a', '__proto__']);
    expect(outline && numberMember(bytes, outline, 'a')).toBe(2);
  });

  it('reads strings with escapes, and nothing else as a string', () => {
    const bytes = bytesOf('{"a":"\\u0041\\"","b":5,"c":"raw\nline"}');
    const outline = outlineObject(bytes) ?? new Map();
    expect(stringMember(bytes, outline, 'a')).toBe('A"');
    expect(stringMember(bytes, outline, 'b')).toBeNull();
    expect(stringMember(bytes, outline, 'c')).toBeNull();
    expect(stringMember(bytes, outline, 'missing')).toBeNull();
    expect(numberMember(bytes, outline, 'a')).toBeNull();
  });

  it('reads minus zero as zero', () => {
    const bytes = bytesOf('{"a":-0,"b":-0.0e5,"c":-1}');
    const outline = outlineObject(bytes) ?? new Map();
    expect(['a', 'b', 'c'].map((name) => numberMember(bytes, outline, name))).toEqual([0, 0, -1]);
  });

  it.each([
    '',
    ' ',
    '[]',
    '"a"',
    '{',
    '{"a"',
    '{"a":',
    '{"a":}',
    '{"a":1',
    '{"a":1,}',
    '{"a":1}}',
    '{"a":1} x',
    '{a:1}',
  ])('does not exist for %j', (text) => expect(values(text)).toBeNull());

  it('exists for every document that the parser of classes accepts, and has names no longer than it', () => {
    const name = fc.tuple(fc.constantFrom('x', 'é', '€', '\\u0041', '\u{1f980}'), fc.integer({ min: 1, max: 4_200 }));
    const around = fc.tuple(fc.constantFrom('x', 'é', '€', '\\u0041', '\u{1f980}'), fc.integer({ min: -6, max: 6 }));
    const bytesLong = (unit: string, bytes: number) =>
      unit.repeat(Math.max(0, Math.floor(bytes / Buffer.byteLength(unit))));
    fc.assert(
      fc.property(fc.oneof(name, around), ([unit, count]) => {
        const text = `{"a":{"b":[1]},"${bytesLong(unit, count < 7 ? 4_094 + count : count)}":2.5}`;
        const isOutlined = outlineObject(bytesOf(text)) !== null;
        let isParsed = true;
        try {
          parseJsonText(bytesOf(text), 'class');
        } catch (error) {
          expect(error).toMatchObject({ code: 'GATEWAY_MALFORMED', fault: 'peer' });
          isParsed = false;
        }
        expect(isOutlined).toBe(isParsed);
      }),
    );
  });

  it('agrees with JSON.parse on every object, and refuses each of them cut short', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (object, cutAt) => {
        const text = JSON.stringify(object);
        const bytes = bytesOf(text);
        const outline = outlineObject(bytes);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        expect([...(outline?.keys() ?? [])].sort()).toEqual(Object.keys(parsed).sort());
        for (const [key, { start, end }] of outline ?? []) {
          const value: unknown = JSON.parse(Buffer.from(bytes.subarray(start, end)).toString());
          expect(value).toEqual(parsed[key]);
        }
        expect(outlineObject(bytes.subarray(0, cutAt % bytes.length))).toBeNull();
      }),
    );
  });
});
