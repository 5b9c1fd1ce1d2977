import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { showConfig } from './print.ts';
import { resolveConfig, settingKeys } from './resolve.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'syncline-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** @param flags Key → text, or texts where it is repeated. */
function resolveWith(flags: Record<string, string | string[]>, env: NodeJS.ProcessEnv = {}) {
  const given = new Map(Object.entries(flags).map(([key, text]) => [key, [text].flat()]));
  return resolveConfig({ flags: given, cwd, env: { XDG_CONFIG_HOME: join(cwd, 'xdg'), ...env } });
}

describe('the value of a setting', () => {
  it('is the default, then the file, then the environment, then the flag', async () => {
    const origin = async (flags: Record<string, string>, env: NodeJS.ProcessEnv) => {
      const { config, origins } = await resolveWith(flags, env);
      return [config['sync.window-blocks'], origins['sync.window-blocks'].where];
    };
    expect(await origin({}, {})).toEqual([64, 'default']);
    const file = join(cwd, 'syncline.yaml');
    writeFileSync(file, 'network: n\nsync:\n  window-blocks: 1\n');
    expect(await origin({}, {})).toEqual([1, `${file}:3`]);
    const env = { SYNCLINE_SYNC_WINDOW_BLOCKS: '2' };
    expect(await origin({}, env)).toEqual([2, 'SYNCLINE_SYNC_WINDOW_BLOCKS']);
    expect(await origin({ 'sync.window-blocks': '3' }, env)).toEqual([3, '--sync.window-blocks']);
  });

  it('is a list of all that was given at the strongest level', async () => {
    const env = { SYNCLINE_SOURCE: 'https://a/,https://b/' };
    expect((await resolveWith({}, env)).config.source).toEqual(['https://a/', 'https://b/']);
    const flags = { source: ['https://c/', 'https://d/'] };
    expect((await resolveWith(flags, env)).config.source).toEqual(['https://c/', 'https://d/']);
  });

  it('comes from a named file, or one in the XDG folder', async () => {
    writeFileSync(join(cwd, 'syncline.yaml'), 'until: 1\n');
    writeFileSync(join(cwd, 'other.toml'), 'until = 2\n');
    expect((await resolveWith({})).config.until).toBe(1);
    expect((await resolveWith({ config: 'other.toml' })).config.until).toBe(2);
    expect((await resolveWith({}, { SYNCLINE_CONFIG: join(cwd, 'other.toml') })).config.until).toBe(2);
    await expect(resolveWith({ config: 'none.yaml' })).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });

  it('is never a mixture: an empty variable counts as unset', async () => {
    const { config, origins } = await resolveWith({}, { SYNCLINE_UNTIL: '' });
    expect([config.until, origins.until.where]).toEqual([null, 'default']);
  });
});

describe('wrong values', () => {
  it('are all told at once, each with its place', async () => {
    writeFileSync(join(cwd, 'syncline.yaml'), 'until: soon\nhttp: 7\n');
    const error = await resolveWith({ 'http.addr': '9545' }, { SYNCLINE_SHUTDOWN_TIMEOUT: '5' }).catch((e) => e);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', fault: 'caller', data: { exitCode: 2 } });
    expect(error.data.problems).toEqual([
      `${join(cwd, 'syncline.yaml')}:1: until: expected a whole number from 0, got "soon"`,
      `${join(cwd, 'syncline.yaml')}:2: http: expected true or false, got "7"`,
      '--http.addr: expected HOST:PORT, such as 127.0.0.1:9545, got "9545"',
      'SYNCLINE_SHUTDOWN_TIMEOUT: shutdown.timeout: expected a duration such as 500ms, 5s or 2h, from 100ms to 1h, got "5"',
    ]);
  });

  it('that a format would have rounded must be quoted', async () => {
    writeFileSync(join(cwd, 'syncline.yaml'), 'gateway.key: 00123\n');
    await expect(resolveWith({})).rejects.toMatchObject({ message: expect.stringContaining('write it in quotes') });
  });

  it('in the environment are warned about when no setting has the name, but not those of tests', async () => {
    const { warnings } = await resolveWith(
      {},
      {
        SYNCLINE_NETWROK: 'x',
        SYNCLINE_MOON_URL: 'x',
        SYNCLINE_VECTORS: 'x',
        SYNCLINE_REQUIRE_VECTORS: '1',
        SYNCLINE_SIM_SEED: '1',
      },
    );
    expect(warnings).toEqual([
      'unknown environment variable SYNCLINE_NETWROK, did you mean SYNCLINE_NETWORK?',
      'unknown environment variable SYNCLINE_MOON_URL',
    ]);
  });
});

describe('a secret', () => {
  it('is read from the first line of a file, at any level', async () => {
    const file = join(cwd, 'key');
    writeFileSync(file, 's3cret-key\nrest\n');
    expect((await resolveWith({ 'gateway.key-file': 'key' })).config['gateway.key']).toBe('s3cret-key');
    const resolved = await resolveWith({}, { SYNCLINE_GATEWAY_KEY_FILE: file });
    expect(resolved.config['gateway.key']).toBe('s3cret-key');
    expect(resolved.origins['gateway.key'].where).toBe('SYNCLINE_GATEWAY_KEY_FILE');
    expect(resolved.secrets).toEqual(['s3cret-key']);
  });

  it('given at a stronger level wins over a file at a weaker one, and both at one level are refused', async () => {
    writeFileSync(join(cwd, 'key'), 'weak');
    const env = { SYNCLINE_GATEWAY_KEY_FILE: join(cwd, 'key') };
    expect((await resolveWith({ 'gateway.key': 'strong' }, env)).config['gateway.key']).toBe('strong');
    await expect(resolveWith({}, { ...env, SYNCLINE_GATEWAY_KEY: 'other' })).rejects.toMatchObject({
      message: 'SYNCLINE_GATEWAY_KEY and SYNCLINE_GATEWAY_KEY_FILE exclude each other',
    });
    await expect(resolveWith({ 'gateway.key-file': 'gone' })).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });

  it('is never shown, neither are credentials in the URL of a source', async () => {
    const source = ['https://me:s3cret-pass@host/?k=s3cret-query', 'l1+wss://host/v3/s3cret-path'];
    const flags = { 'gateway.key': 's3cret-key', 'l1.url': 'https://host/v3/s3cret-path', source };
    const shown = JSON.stringify(showConfig(await resolveWith(flags)));
    expect(shown).not.toContain('s3cret');
    expect(shown).toContain('***');
  });

  it('is not repeated in the error about it', async () => {
    const flags = { source: 's3cret-nonsense', 'gateway.key': '', 'l1.url': 'ftp://s3cret' };
    const error = await resolveWith(flags).catch((e) => e);
    expect(error.message).toContain('3 problems');
    expect(JSON.stringify([error.message, error.data])).not.toContain('s3cret');
  });
});

it('every setting has a place in the printed configuration', async () => {
  expect(showConfig(await resolveWith({})).map(({ key }) => key)).toEqual(settingKeys);
});
