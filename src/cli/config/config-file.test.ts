import { describe, expect, it } from 'vitest';
import { parseConfigFile, readEntries } from './config-file.ts';

/** The problems of a file that is refused. */
async function problemsOf(path: string, text: string): Promise<readonly string[]> {
  const error = await parseConfigFile(path, text).then(
    () => null,
    (thrown: unknown) => thrown as { code: string; message: string; data: { problems?: string[]; exitCode: number } },
  );
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', fault: 'caller', data: { exitCode: 2 } });
  return error?.data.problems ?? [error?.message ?? ''];
}

describe('a config file', () => {
  it.each([
    ['x.yaml', 'network: n\nhttp: false\nhttp.addr: 127.0.0.1:1\nsync:\n  window-blocks: 5\nsource: [file:///a]\n'],
    [
      'x.json',
      '{"network": "n", "http": false, "http.addr": "127.0.0.1:1",\n"sync": {"window-blocks": 5}, "source": ["file:///a"]}',
    ],
    [
      'x.toml',
      'network = "n"\nhttp = false\n"http.addr" = "127.0.0.1:1"\nsource = ["file:///a"]\n[sync]\nwindow-blocks = 5\n',
    ],
  ])('of any format says the same: %s', async (path, text) => {
    const { values } = await parseConfigFile(path, text);
    const plain = Object.fromEntries([...values].map(([key, { value }]) => [key, value]));
    expect(plain).toEqual({
      network: 'n',
      http: false,
      'http.addr': '127.0.0.1:1',
      'sync.window-blocks': 5,
      source: ['file:///a'],
    });
  });

  it('tells every unknown key with its line and what was meant', async () => {
    const text = 'network: n\nsync:\n  window-block: 5\nmoon.url: http://x\n';
    expect(await problemsOf('x.yaml', text)).toEqual([
      'x.yaml:3: unknown key sync.window-block, did you mean sync.window-blocks?',
      'x.yaml:4: unknown key moon.url',
    ]);
    expect(await problemsOf('x.json', '{\n "network": "n",\n "netwrok": 1\n}')).toEqual([
      'x.json:3: unknown key netwrok, did you mean network?',
    ]);
    expect(await problemsOf('x.toml', 'network = "n"\n\n[sync]\n# a comment\nwindow = 1\n')).toEqual([
      'x.toml:5: unknown key sync.window',
    ]);
  });

  it.each([
    ['x.yaml', 'network: n\nhttp: [\n', /^x\.yaml:[23]: /],
    ['x.yaml', 'network: a\nnetwork: b\n', /^x\.yaml:2: Map keys must be unique/],
    ['x.yaml', '- a\n- b\n', /^x\.yaml:1: the file holds no keys/],
    ['x.json', '{"network": "n",\n "http": tru }', /^x\.json(:2)?: /],
    ['x.json', 'network: n\n', /^x\.json/],
    ['x.toml', 'network = "n"\nhttp = \n', /^x\.toml:2: /],
    ['x.ini', '', /^x\.ini: a config file ends in/],
    [
      'x.yaml',
      'network: n\nhttp:\n  addr: 127.0.0.1:1\nhttp.addr: 127.0.0.1:2\n',
      /^x\.yaml:4: http\.addr is set twice/,
    ],
    ['x.yaml', 'network: { name: x }\n', /^x\.yaml:1: network takes a single value/],
    ['x.yaml', 'config: other.yaml\n', /^x\.yaml:1: unknown key config/],
  ])('that is malformed is refused with its place (%s %j)', async (path, text, problem) => {
    expect((await problemsOf(path, text))[0]).toMatch(problem);
  });

  it('may be empty', async () => {
    expect((await parseConfigFile('x.yaml', '# nothing\n')).values.size).toBe(0);
    expect(await readEntries('x.toml', '')).toEqual([]);
  });
});
