import { resolve } from 'node:path';
import type { ChainFace } from '../../chains/index.ts';
import type { ReadStore } from '../../engine/index.ts';
import { type FolderReading, openLmdb, readFolder } from '../../store/index.ts';
import { chooseNetwork, dataDirOf, describeChain } from '../chains.ts';
import type { Config } from '../config/index.ts';

/** A data folder opened for reading; a node may be writing in it. */
export interface OpenedStore extends AsyncDisposable {
  readonly store: ReadStore;
  readonly chain: ChainFace;
  readonly folder: FolderReading;
}

/** The folder that `start` would use with these settings. @throws {SynclineError} `USAGE_INVALID` without a network. */
export async function folderOf(config: Config, cwd: string): Promise<string> {
  if (config['data-dir'] !== null) return resolve(cwd, config['data-dir']);
  const { choice } = await chooseNetwork(config, cwd);
  return resolve(cwd, dataDirOf(config, choice.name));
}

/** @throws {SynclineError} `FOLDER_MISSING`, `FOLDER_NEWER`, `FOLDER_DAMAGED`, `STORE_UNOPENABLE`. */
export async function openForReading(path: string): Promise<OpenedStore> {
  const folder = await readFolder({ path });
  const chain = await describeChain(folder.identity);
  const store = openLmdb({ path: folder.dbPath, readOnly: true });
  return { store, chain, folder, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() as Promise<void> };
}
