import { type ChainFace, type ChainFamily, familyNames, loadFamily } from '../chains/index.ts';
import type { Chain } from '../engine/index.ts';
import { isSynclineError, SynclineError } from '../lib/index.ts';
import { type Config, loadNetwork, type NetworkChoice, usageInvalid } from './config/index.ts';

/** The network that the settings name, and its family's code. @throws {SynclineError} `USAGE_INVALID` without one. */
export async function chooseNetwork(
  config: Config,
  cwd: string,
): Promise<{ readonly choice: NetworkChoice; readonly family: ChainFamily }> {
  const known: Record<string, readonly string[]> = {};
  for (const name of familyNames) known[name] = (await loadFamily(name)).networks;
  if (config.network === null) {
    const names = Object.values(known).flat();
    throw usageInvalid('no network was named', `add --network NAME, one of ${names.join(', ')}`);
  }
  const choice = await loadNetwork(config.network, known, cwd);
  return { choice, family: await loadFamily(choice.family) };
}

/** The chain that the settings describe. @throws {SynclineError} `USAGE_INVALID`, or what the family refuses. */
export async function openChain(config: Config, cwd: string): Promise<Chain> {
  const { choice, family } = await chooseNetwork(config, cwd);
  try {
    return family.create(choice.params, familySettings(config));
  } catch (error) {
    if (!isSynclineError(error) || error.code !== 'NETWORK_INVALID') throw error;
    throw new SynclineError(error.code, error.fault, `${config.network}: ${error.message}`, {
      cause: error,
      data: { ...error.data, exitCode: 2, fix: 'see "A network of your own" in docs/reference/configuration.md' },
    });
  }
}

/** The settings that belong to a family rather than to the node. */
export function familySettings(config: Config): Readonly<Record<string, string | null>> {
  return {
    'gateway.key': config['gateway.key'],
    'l1.url': config['l1.url'],
    'l1.poll': String(config['l1.poll']),
    'starknet.signature': config['starknet.signature'],
    'starknet.hash-table': config['starknet.hash-table'],
    'sierra.compiler': config['sierra.compiler'],
    'sierra.argument': JSON.stringify(config['sierra.argument']),
    'sierra.timeout': String(config['sierra.timeout']),
    'sierra.memory': String(config['sierra.memory']),
  };
}

/** Enough of a chain to read its store, from the mark of the data folder, `family:network:…`. */
export async function describeChain(identity: string): Promise<ChainFace> {
  const [family = '', network = ''] = identity.split(':');
  return (await loadFamily(family)).describe(network);
}

export function dataDirOf(config: Config, network: string): string {
  return config['data-dir'] ?? `./syncline-data/${network}`;
}
