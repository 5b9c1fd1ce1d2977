import type { Chain, Hash32, PlainData } from '../../engine/index.ts';
import { classContent } from './class-content.ts';
import { feltToHex, parseFelt } from './felt.ts';
import { findL1Messages } from './l1-messages.ts';
import { type NetworkParams, parseNetwork } from './params.ts';
import {
  compilerSourceUrl,
  createStarknetSource,
  l1SourceUrl,
  type SierraCompiler,
  type StarknetSourceOptions,
} from './sources/index.ts';

export interface StarknetOptions {
  /** A preset's name, such as `starknet-mainnet`, or the parameters of a network of your own. */
  readonly network: string | Partial<NetworkParams>;
  /**
   * What a block signature that is missing or does not verify means. Default `fail`: from 0.13.2 on such a block is
   * refused; below, signatures are kept and shown, and decide nothing.
   */
  readonly signature?: 'warn' | 'fail';
  /** File with the published 0.13.2-form hashes of older blocks, 32 bytes each, by block number from 0. */
  readonly hashTable?: string;
  /** API key that lifts the gateway's rate limit; sent as `X-Throttling-Bypass`, never logged. */
  readonly gatewayKey?: string;
  /**
   * An Ethereum node (`https://…`, `wss://…`) that tells which blocks are accepted on L1, and over JSON-RPC which
   * messages a transaction there sent. It may hold a key, and is never shown but for its host. Without it
   * `acceptedOnL1` stays null.
   */
  readonly l1Url?: string;
  /** How often L1 is asked. Default 60 000. */
  readonly l1PollMs?: number;
  /**
   * A program that compiles Sierra classes, asked before the gateways for what they are compiled to. Whatever it does,
   * no block waits for it, and its work is verified as that of others.
   */
  readonly sierraCompiler?: SierraCompiler;
}

/**
 * The Starknet family: blocks and state from feeder gateways or folders of their answers.
 *
 * @throws {SynclineError} `NETWORK_UNKNOWN`, `NETWORK_INVALID`, `SOURCE_UNSUPPORTED` (fault `caller`).
 */
export function starknet(options: StarknetOptions): Chain {
  const network = parseNetwork(options.network as PlainData);
  const genesisHash = network.genesisHash === null ? null : (parseFelt(network.genesisHash) as Uint8Array as Hash32);
  const companions = companionsOf(options);
  return {
    family: 'starknet',
    network: network.name,
    tips: { provisional: 'preConfirmed', confirmed: 'acceptedOnL2', final: 'acceptedOnL1' },
    identity: ['starknet', network.name, network.chainIds[0], network.genesisHash ?? 'any-genesis'].join(':'),
    formatHash: feltToHex,
    // Workers run the build, tests the sources: the module beside this one has this one's extension.
    rulesModule: new URL(`./rules-module${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
    options: {
      network: network as unknown as PlainData, // plain by its own documentation
      signaturePolicy: options.signature ?? 'fail',
      hashTableFile: options.hashTable,
    },
    createSource: (url, context) => createStarknetSource(url, context, sourceOptions(options, network)),
    defaultSources: network.gatewayUrls,
    ...(companions.length === 0 ? {} : { companions }),
    ...(genesisHash === null ? {} : { genesisHash }),
    content: classContent,
    async rpc(environment) {
      const { createStarknetRpc } = await import('./rpc/index.ts');
      return createStarknetRpc(environment, network, findL1Messages(environment.sources ?? []));
    },
  };
}

function companionsOf({ l1Url, sierraCompiler }: StarknetOptions): readonly string[] {
  return [
    ...(l1Url === undefined ? [] : [l1SourceUrl(l1Url)]),
    ...(sierraCompiler === undefined ? [] : [compilerSourceUrl(sierraCompiler)]),
  ];
}

function sourceOptions({ gatewayKey, l1PollMs }: StarknetOptions, network: NetworkParams): StarknetSourceOptions {
  const { l1ChainId: chainId, coreContract } = network;
  const poll = l1PollMs === undefined ? {} : { pollMs: l1PollMs };
  return {
    ...(gatewayKey === undefined ? {} : { gatewayKey }),
    ...(network.publicKey === null ? {} : { publicKey: parseFelt(network.publicKey) }),
    ...(chainId === null || coreContract === null ? {} : { l1: { chainId, coreContract, ...poll } }),
  };
}
