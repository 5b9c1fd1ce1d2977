import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { feltToHex } from '../../chains/starknet/index.ts';
import { assemble, cutBundle } from './gateway-routes.ts';
import type { StarknetDevnet } from './starknet-devnet.ts';

/**
 * Writes the current branch as a folder of recorded gateway answers, which a `file://` source replays:
 * `block/N.json`, `state_update/N.json`, `signature/N.json` for every height, `class/HASH.json` and
 * `compiled_class/HASH.json` for every class, and `public_key.json`. Files of heights and classes that the branch does
 * not have are left alone.
 *
 * @param path The folder; made where it is missing.
 */
export async function writeFolder({
  devnet,
  path,
}: {
  readonly devnet: StarknetDevnet;
  readonly path: string;
}): Promise<void> {
  for (const folder of FOLDERS) await mkdir(join(path, folder), { recursive: true });
  await writeFile(join(path, 'public_key.json'), JSON.stringify(devnet.publicKey));
  for (let height = 0; height <= devnet.head.height; height++) {
    const shelved = devnet.shelvedAt(height);
    if (shelved === null) break; // rolled back meanwhile
    const json = cutBundle(shelved);
    const content = { height, block: false, stateUpdate: false, signature: true };
    await writeFile(join(path, 'block', `${height}.json`), json.block);
    await writeFile(join(path, 'state_update', `${height}.json`), json.stateUpdate);
    await writeFile(join(path, 'signature', `${height}.json`), assemble({ ...content, call: 'get_signature' }, json));
  }
  for (const named of devnet.classes) {
    const name = `${feltToHex(named.classHash)}.json`;
    const { json, compiledJson } = devnet.classFiles(named);
    if (json !== null) await writeFile(join(path, 'class', name), json);
    if (compiledJson !== null) await writeFile(join(path, 'compiled_class', name), compiledJson);
  }
}

const FOLDERS = ['block', 'state_update', 'signature', 'class', 'compiled_class'];
