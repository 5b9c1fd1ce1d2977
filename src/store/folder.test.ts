import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFolder, readFolder } from './folder.ts';
import { acquireFolderLock } from './folder-lock.ts';
import { describeThisProcess } from './process-mark.ts';
import { schemaVersion } from './schema.ts';

let base: string;
let path: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'syncline-folder-'));
  path = join(base, 'node', 'data');
});
afterEach(() => rm(base, { recursive: true, force: true }));

const identity = 'ledger-devnet 0x01';
const makeFolder = async () => (await openFolder({ path, identity }))[Symbol.asyncDispose]();

describe('a data folder', () => {
  it('is made for its owner only, with its markers', async () => {
    const folder = await openFolder({ path, identity });
    expect((await readdir(path)).sort()).toEqual(['CHAIN', 'LOCK', 'VERSION', 'db', 'evidence']);
    for (const made of [path, folder.dbPath, folder.evidencePath]) expect((await stat(made)).mode & 0o777).toBe(0o700);
    expect(await readFile(join(path, 'CHAIN'), 'utf8')).toBe(`${identity}\n`);
    expect(await readFile(join(path, 'VERSION'), 'utf8')).toBe(`${schemaVersion}\n`);
    await folder[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
    expect((await readdir(path)).sort()).toEqual(['CHAIN', 'VERSION', 'db', 'evidence']);
  });

  it('opens again after it was closed, and not twice in one process', async () => {
    await makeFolder();
    await using _first = await openFolder({ path, identity });
    await expect(openFolder({ path, identity })).rejects.toMatchObject({
      code: 'FOLDER_LOCKED',
      data: { pid: process.pid, exitCode: 6 },
    });
  });

  it('of another chain is refused and stays as it is', async () => {
    await makeFolder();
    await expect(openFolder({ path, identity: 'starknet-mainnet' })).rejects.toMatchObject({
      code: 'FOLDER_OTHER_CHAIN',
      data: { expected: 'starknet-mainnet', got: identity, exitCode: 4, fix: expect.stringContaining('--data-dir') },
    });
    expect((await readFolder({ path })).identity).toBe(identity);
  });

  it('of a newer version is refused to writers and readers', async () => {
    await makeFolder();
    await writeFile(join(path, 'VERSION'), `${schemaVersion + 1}\n`);
    const refusal = { code: 'FOLDER_NEWER', data: { exitCode: 4, got: String(schemaVersion + 1) } };
    await expect(openFolder({ path, identity })).rejects.toMatchObject(refusal);
    await expect(readFolder({ path })).rejects.toMatchObject(refusal);
  });

  it('of an older version is refused to writers and readers', async () => {
    await makeFolder();
    await writeFile(join(path, 'VERSION'), `${schemaVersion - 1}\n`);
    const refusal = { code: 'FOLDER_OLDER', data: { exitCode: 4, got: String(schemaVersion - 1) } };
    await expect(openFolder({ path, identity })).rejects.toMatchObject(refusal);
    await expect(readFolder({ path })).rejects.toMatchObject(refusal);
  });

  it.each(['', 'one', '-1', '0', '1.5'])('with the version "%s" is called damaged', async (version) => {
    await makeFolder();
    await writeFile(join(path, 'VERSION'), version);
    await expect(openFolder({ path, identity })).rejects.toMatchObject({ code: 'FOLDER_DAMAGED', fault: 'local' });
  });

  it('with data and without its chain marker is not made somebody else’s', async () => {
    await makeFolder();
    await writeFile(join(path, 'db', 'data.mdb'), 'data');
    await rm(join(path, 'CHAIN'));
    await expect(openFolder({ path, identity: 'other' })).rejects.toMatchObject({ code: 'FOLDER_DAMAGED' });
  });

  it('that was left half-made is finished', async () => {
    await makeFolder();
    await rm(join(path, 'CHAIN'));
    await makeFolder();
    expect(await readFolder({ path })).toEqual({
      path,
      dbPath: join(path, 'db'),
      evidencePath: join(path, 'evidence'),
      identity,
      schemaVersion,
      writerPid: null,
    });
  });

  it('that does not exist is missing for a reader, who does not make it', async () => {
    await expect(readFolder({ path })).rejects.toMatchObject({ code: 'FOLDER_MISSING', fault: 'caller' });
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('cannot be where a file is', async () => {
    await writeFile(join(base, 'file'), '');
    for (const inTheWay of [join(base, 'file'), join(base, 'file', 'data')]) {
      await expect(openFolder({ path: inTheWay, identity })).rejects.toMatchObject({
        code: 'FOLDER_UNUSABLE',
        data: { exitCode: 4 },
      });
    }
  });
});

describe('a folder lock', () => {
  const timing = { beatMs: 20, watchMs: 160 };
  const dead = { ...describeThisProcess('0'), start: 'before all others' };
  const elsewhere = { ...describeThisProcess('0'), space: 'another machine' };
  const leave = (content: string) => writeFile(join(base, 'LOCK'), content);

  it('of a process whose id was given to another one is taken over', async () => {
    await leave(JSON.stringify(dead));
    (await acquireFolderLock(base, timing)).release();
    expect(await readdir(base)).toEqual([]);
  });

  it('goes to exactly one of many who find a dead one', async () => {
    for (let round = 0; round < 20; round++) {
      await leave(JSON.stringify(dead));
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => acquireFolderLock(base, timing)));
      const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(won.length).toBe(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'FOLDER_LOCKED' });
      }
      for (const outcome of won) outcome.value.release();
      expect(await readdir(base)).toEqual([]);
    }
  });

  it.each([
    ['of a process elsewhere', JSON.stringify(elsewhere)],
    ['that cannot be read', '{"pid":'],
  ])('%s is taken over when nobody touches it, and respected when somebody does', async (_, content) => {
    await leave(content);
    (await acquireFolderLock(base, timing)).release();

    await leave(content);
    const beat = setInterval(() => void utimes(join(base, 'LOCK'), new Date(), new Date()), timing.beatMs);
    await expect(acquireFolderLock(base, timing)).rejects.toMatchObject({ code: 'FOLDER_LOCKED' });
    clearInterval(beat);
  });

  it('is touched by its holder for as long as it is held', async () => {
    const lock = await acquireFolderLock(base, timing);
    const { mtimeMs } = await stat(join(base, 'LOCK'));
    await expect.poll(async () => (await stat(join(base, 'LOCK'))).mtimeMs, { interval: 10 }).toBeGreaterThan(mtimeMs);
    lock.release();
  });

  it('removed and taken by another is left alone on release', async () => {
    const lock = await acquireFolderLock(base, timing);
    await leave(JSON.stringify(elsewhere));
    lock.release();
    expect(await readFile(join(base, 'LOCK'), 'utf8')).toBe(JSON.stringify(elsewhere));
  });

  it('leaves no draft of a contender that died', async () => {
    await leave(JSON.stringify(dead));
    await writeFile(join(base, 'LOCK.1234'), JSON.stringify({ ...dead, token: '1234' }));
    (await acquireFolderLock(base, timing)).release();
    expect(await readdir(base)).toEqual([]);
  });
});
