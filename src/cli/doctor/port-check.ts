import { resolve } from 'node:path';
import { isSynclineError, silentLogger } from '../../lib/index.ts';
import { createHttpServer } from '../../serve/index.ts';
import { askNode } from '../commands/ask-node.ts';
import { formatListenAddress, type ListenAddress } from '../config/index.ts';
import { bad, type DoctorCheck, doubtful, good } from './check.ts';

/**
 * Whether a node could listen at its address, or does so already.
 *
 * @param addr Null when nothing is to be served.
 */
export async function checkPort(addr: ListenAddress | null, dataDir: string | null): Promise<DoctorCheck> {
  if (addr === null) return good('port', 'nothing is served (--no-http)');
  const shown = formatListenAddress(addr);
  try {
    await (await createHttpServer({ addr, routes: [], log: silentLogger })).close();
    return good('port', `${shown} is free`);
  } catch (error) {
    if (!isSynclineError(error)) throw error;
    if (error.code === 'HTTP_ADDR_IN_USE') return checkHolder(shown, dataDir);
    return bad('port', `${shown} cannot be listened at: ${error.message}`, 'choose another address with --http.addr');
  }
}

async function checkHolder(shown: string, dataDir: string | null): Promise<DoctorCheck> {
  const status = await askNode(`http://${shown}`, '/status').catch(() => null);
  if (status?.type !== 'status') {
    const fix = 'stop that program, or choose another address with --http.addr';
    return bad('port', `${shown} is taken by another program`, fix);
  }
  const isOurs = dataDir !== null && typeof status.dataDir === 'string' && resolve(status.dataDir) === dataDir;
  if (isOurs) return good('port', `${shown} is held by the node that runs on this folder`);
  const network = typeof status.network === 'string' ? status.network : 'unknown';
  const message = `${shown} is held by another syncline node, of ${network}`;
  return doubtful('port', message, 'to run a second node, choose another address for it with --http.addr');
}
