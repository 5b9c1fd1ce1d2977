import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMembers, JsonNumber, type JsonValue, parseJsonText } from './json-text.ts';
import { CLASS_BYTES_MAX, CLASS_VALUES_MAX } from './limits.ts';

const utf8 = new TextEncoder();
const parse = (text: string) => parseJsonText(utf8.encode(text), 'class 0x1');

/** Numbers as `JSON.parse` would make them. */
function rounded(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(rounded);
  if (!isMembers(value)) return value;
  const out: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    Object.defineProperty(out, name, { value: rounded(inner), enumerable: true, configurable: true, writable: true });
  }
  return out;
}

const refusal = { code: 'GATEWAY_MALFORMED', fault: 'peer' };

describe('reading JSON with numbers as text', () => {
  it('gives what JSON.parse gives, but for the numbers', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 1, 2), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        expect(rounded(parse(spaced))).toEqual(JSON.parse(spaced));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps a number as it was written', () => {
    const numbers = [
      '0',
      '-0',
      '1.50',
      '1E+2',
      '7237005577332262213973186563042994240829374041602535252466099000494570602494',
    ];
    expect(parse(`[${numbers.join(' ,')}]`)).toEqual(numbers.map((text) => new JsonNumber(text)));
  });

  it('takes the last of equal names, and any name', () => {
    expect(parse('{"a":1,"a":2}')).toEqual({ a: new JsonNumber('2') });
    const members = parse('{"__proto__":{"x":true},"constructor":false}') as Record<string, JsonValue>;
    expect(Object.keys(members)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(members)).toBe(Object.prototype);
  });

  it('reads all escapes, lone halves of surrogate pairs included', () => {
    expect(parse('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83e\\udd80\\ud800"')).toBe('"\\/\b\f\n\r\té\u{1f980}\ud800');
    expect(parse('"é\u{1f980}\u007f"')).toBe('é\u{1f980}\u007f');
  });

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1,}',
    '{"a" 1}',
    '{a:1}',
    '[1 2]',
    '"abc',
    '"a\nb"',
    '"\\x"',
    '"\\u12"',
    '01',
    '+1',
    '1.',
    '.5',
    '1e',
    '-',
    'nul',
    'True',
    'NaN',
    '[]]',
    '{} x',
    '{}\0',
    '\0',
    '\ufeff{}',
    '<html>',
  ])('refuses %j, as JSON.parse does', (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(() => parse(text)).toThrow(expect.objectContaining(refusal));
  });

  it('accepts and refuses what JSON.parse does, whatever is changed in a text', () => {
    const text = '{"a":[1,-2.5e+3,true,null],"b":{"c\\u0041":"x\\ny","d":{}},"e":[[],"é"]}';
    const change = fc.record({
      at: fc.nat(text.length),
      drop: fc.nat(3),
      put: fc.string({ maxLength: 3, unit: 'binary' }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let changed = text;
        for (const { at, drop, put } of changes) changed = changed.slice(0, at) + put + changed.slice(at + drop);
        let expected: { readonly value: unknown } | null = null;
        try {
          // Through UTF-8, as the reader gets it: a lone surrogate becomes U+FFFD.
          expected = { value: JSON.parse(Buffer.from(changed).toString()) as unknown };
        } catch {
          expect(() => parse(changed)).toThrow(expect.objectContaining(refusal));
        }
        if (expected !== null) expect(rounded(parse(changed))).toEqual(expected.value);
      }),
      { numRuns: 600 },
    );
  });

  it('says where it stopped', () => {
    expect(() => parse('{"a": tru}')).toThrow(
      expect.objectContaining({
        message: 'class 0x1 is not a readable JSON document',
        data: { path: '', expected: 'true', got: '"tru}" at 6' },
      }),
    );
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(() => parseJsonText(Uint8Array.of(0x22, 0xff, 0x22), 'class')).toThrow(
      expect.objectContaining({ ...refusal, data: expect.objectContaining({ expected: 'UTF-8' }) }),
    );
  });

  it('is bounded in bytes, values and depth', () => {
    expect(() => parseJsonText(new Uint8Array(CLASS_BYTES_MAX + 1), 'class')).toThrow(expect.objectContaining(refusal));
    expect(parse(`${'['.repeat(128)}${']'.repeat(128)}`)).toBeDefined();
    for (const bracket of ['[', '{"a":'])
      expect(() => parse(bracket.repeat(129))).toThrow(expect.objectContaining(refusal));
    expect(() => parse('['.repeat(1_000_000))).toThrow(expect.objectContaining(refusal));
    const zeros = (count: number) => `[${'0,'.repeat(count - 1)}0]`;
    expect(parse(zeros(CLASS_VALUES_MAX - 1))).toHaveLength(CLASS_VALUES_MAX - 1);
    expect(() => parse(zeros(CLASS_VALUES_MAX))).toThrow(expect.objectContaining(refusal));
  });

  it('is bounded in the names of its own members, not of those inside', () => {
    const named = (name: string) => `{"a":1,"${name}":2}`;
    // With the quotes, 4,096 bytes.
    const longest = ['x'.repeat(4_094), 'é'.repeat(2_047), `${'\\u0041'.repeat(682)}xx`, `${'€'.repeat(1_364)}xx`];
    for (const name of longest) {
      expect(Object.keys(parse(named(name)) as object)).toHaveLength(2);
      expect(() => parse(named(`${name}x`))).toThrow(
        expect.objectContaining({
          ...refusal,
          data: { path: '', expected: 'names of at most 4096 bytes', got: '4097 bytes at 7' },
        }),
      );
      expect(parse(`{"program":${named(`${name}x`)},"list":[${named(`${name}x`)}]}`)).toBeDefined();
    }
  });

  it('takes time in proportion to the text, whatever is in it', () => {
    const hostile = [
      `"${'\\"'.repeat(1_000_000)}"`,
      `[${'"\\u0000",'.repeat(200_000)}0]`,
      `{${Array.from({ length: 100_000 }, (_, i) => `"${i}":0`).join(',')}}`,
      `[${'1'.repeat(1_000_000)}]`,
      ' '.repeat(2_000_000),
    ];
    for (const text of hostile) {
      const startedMs = performance.now();
      try {
        parse(text);
      } catch (error) {
        expect(error).toMatchObject(refusal);
      }
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    }
  });
});
