import type { Chain } from '../../engine/index.ts';
import { SynclineError } from '../../lib/index.ts';
import type { ChainFamily, FamilySettings, NetworkOption } from '../family.ts';
import { checkFiles } from './check.ts';
import { classContent } from './class-content.ts';
import { feltToHex } from './felt.ts';
import { inspectCompanion } from './inspect-companion.ts';
import { inspectSource } from './inspect-source.ts';
import { inspectUpstream } from './inspect-upstream.ts';
import { NETWORKS } from './params.ts';
import { defaultCompilerLimits } from './sources/index.ts';
import { type StarknetOptions, starknet } from './starknet.ts';

/** Starknet as the command line sees it. */
export const family: ChainFamily = {
  networks: [...Object.keys(NETWORKS), 'starknet-devnet'],
  protocol: 'Starknet blocks up to 0.14.2, feeder gateway',
  create,
  fromIdentity(identity, settings) {
    const [, name = '', chainId = '', genesisHash = ''] = identity.split(':');
    if (Object.hasOwn(NETWORKS, name)) {
      const known = create(name, settings);
      if (known.identity === identity) return known;
    }
    // Devnets differ in what the mark holds and in their key; other networks in rules that it does not name.
    if (name === 'starknet-devnet') {
      const genesis = genesisHash === 'any-genesis' ? {} : { genesisHash };
      return create({ name, chainIds: [chainId], ...genesis }, settings);
    }
    throw new SynclineError('NETWORK_UNDESCRIBED', 'caller', 'the folder is of a network that is not known by name', {
      data: { got: identity, exitCode: 2, fix: 'name the file that describes it with --network' },
    });
  },
  describe(name) {
    const { family, network, tips } = starknet({ network: { name } });
    return { family, network, tips, formatHash: feltToHex, content: classContent };
  },
  inspectSource,
  inspectCompanion,
  inspectUpstream,
  check: async (files, { network, settings, expect }) =>
    checkFiles(files, {
      network,
      ...present('hashTable', settings['starknet.hash-table']),
      ...present('expect', expect),
    }),
};

function create(network: NetworkOption, settings: FamilySettings): Chain {
  return starknet({
    network,
    ...(settings['starknet.signature'] === 'warn' ? { signature: 'warn' } : {}),
    ...present('hashTable', settings['starknet.hash-table']),
    ...present('gatewayKey', settings['gateway.key']),
    ...present('l1Url', settings['l1.url']),
    ...(settings['l1.poll'] == null ? {} : { l1PollMs: Number(settings['l1.poll']) }), // the node's own text
    ...sierraCompiler(settings),
  });
}

/** Texts that `familySettings` of the command line wrote. */
function sierraCompiler(settings: FamilySettings): Pick<StarknetOptions, 'sierraCompiler'> {
  const path = settings['sierra.compiler'] ?? null;
  if (path === null) return {};
  const args = JSON.parse(settings['sierra.argument'] ?? '[]') as readonly string[];
  const timeoutMs = Number(settings['sierra.timeout'] ?? defaultCompilerLimits.timeoutMs);
  const memoryBytes = Number(settings['sierra.memory'] ?? defaultCompilerLimits.memoryBytes);
  return { sierraCompiler: { path, args, timeoutMs, memoryBytes } };
}

function present<Name extends string>(name: Name, value: string | null | undefined): { readonly [N in Name]?: string } {
  return (value === null || value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: string }; // one key
}
