import { defaultPipelinePolicy, defaultRangePolicy, defaultStatePolicy, type StateMode } from '../../engine/index.ts';
import { defaultRpcLimits } from '../../serve/index.ts';
import {
  l1UrlType,
  listenAddressType,
  originType,
  serverUrlType,
  sourceUrlType,
  splitCommas,
  splitUrls,
} from './address-types.ts';
import { list, optional, type Setting, setting } from './setting.ts';
import { booleanType, choiceType, durationType, integerType, pathType, sizeType, textType } from './value-types.ts';

/**
 * Every setting there is, by its key. The key is the flag without its dashes, the key in a config file (dots may be
 * nesting), and in capitals with `_` for dots and dashes, after `SYNCLINE_`, the environment name.
 */
export const settings = {
  network: optional(
    textType('NAME|FILE'),
    'The network: a name such as `starknet-mainnet`, or a file that describes one of your own.',
  ),
  'data-dir': optional(pathType('DIR'), 'Folder for the database; made when missing.', {
    fallbackText: './syncline-data/<network>',
  }),
  source: list(sourceUrlType, 'Where to get data, repeatable: a gateway (`https://…`) or a folder (`file:///…`).', {
    fallbackText: "the network's public sources",
    split: splitUrls,
  }),
  until: optional(
    integerType({ placeholder: 'HEIGHT', min: 0 }),
    'Stop, with exit code 0, when the confirmed tip has reached this height.',
    { fallbackText: 'run until stopped' },
  ),
  http: setting(booleanType, true, 'Serve health, status, metrics, events and JSON-RPC over HTTP.', {
    negativeDoc: 'Serve nothing over HTTP.',
  }),
  'http.addr': setting(
    listenAddressType,
    { host: '127.0.0.1', port: 9545 },
    'Where the HTTP server listens. Port 0 takes any free one.',
  ),
  'http.cors': list(
    originType,
    'Origin whose web pages may read answers and open WebSockets, repeatable; `*` for every page.',
    { fallbackText: 'none', split: splitCommas },
  ),
  'rpc.upstream': optional(
    serverUrlType,
    'A node that answers the JSON-RPC methods which this one cannot, because it does not execute transactions.',
    { fallbackText: 'none; such methods are not found', isSecret: true },
  ),
  'rpc.batch-max': setting(
    integerType({ placeholder: 'COUNT', min: 1, max: 10_000 }),
    defaultRpcLimits.batchMax,
    'Calls in one JSON-RPC batch, at most.',
  ),
  'rpc.body-max': setting(
    sizeType({ min: 2 ** 10, max: 2 ** 28 }),
    defaultRpcLimits.bodyBytesMax,
    'Size of one JSON-RPC message, at most.',
  ),
  'rpc.rate': setting(
    integerType({ placeholder: 'COUNT', min: 0, max: 1_000_000 }),
    defaultRpcLimits.ratePerS,
    'JSON-RPC calls a second from one client address, with twice as many in a burst. 0 allows any number.',
  ),
  'rpc.ws-connections': setting(
    integerType({ placeholder: 'COUNT', min: 0, max: 100_000 }),
    defaultRpcLimits.socketsMax,
    'WebSockets open at once, at most.',
  ),
  'gateway.key': optional(textType('KEY'), "API key that lifts the feeder gateway's rate limit.", { isSecret: true }),
  'l1.url': optional(
    l1UrlType,
    'Ethereum node that tells which blocks are final and which messages went to L2: `https://…`, `wss://…`. Only its host is ever shown.',
    { isSecret: true },
  ),
  'l1.poll': setting(durationType({ min: 100, max: 3_600_000 }), 60_000, 'How often L1 is asked what is final.'),
  'starknet.signature': setting<'fail' | 'warn'>(
    choiceType(['fail', 'warn']),
    'fail',
    'What a Starknet block signature that is missing or false means: `fail` refuses the block, `warn` decides nothing.',
  ),
  'starknet.hash-table': optional(
    pathType('FILE'),
    'Published 0.13.2-form hashes of older Starknet blocks, 32 bytes each, which prove their receipts and state diffs.',
  ),
  'sierra.compiler': optional(
    pathType('PATH'),
    'A program that compiles Sierra classes, asked before the gateways: `starknet-sierra-compile`, ' +
      '`universal-sierra-compiler`, `pathfinder`, or any that is called like the first. What it makes is verified.',
    { fallbackText: 'none; compiled classes come from the sources' },
  ),
  'sierra.argument': list(
    textType('TEXT'),
    'Argument of the compiler, repeatable. `{sierra}` stands for a file with the class without its ABI, `{class}` for ' +
      'one with the class as it was received; where neither occurs, the class goes to standard input.',
    { fallbackText: "by the program's name", split: splitCommas },
  ),
  'sierra.timeout': setting(
    durationType({ min: 100, max: 20_000 }),
    10_000,
    'How long the compiler may take for one class.',
  ),
  'sierra.memory': setting(
    sizeType({ min: 2 ** 24, max: 2 ** 40 }),
    4 * 2 ** 30,
    'Memory that the compiler may take: address space where the program `prlimit` is installed (Linux), else resident ' +
      'memory where `/proc` shows it, else unlimited.',
  ),
  'sync.window-blocks': setting(
    integerType({ placeholder: 'COUNT', min: 1, max: 65_536 }),
    defaultRangePolicy.windowBlocks,
    'Blocks fetched ahead of the one being committed, at most.',
  ),
  'sync.window-bytes': setting(
    sizeType({ min: 2 ** 20, max: 2 ** 40 }),
    defaultRangePolicy.windowBytes,
    'Memory for blocks fetched ahead, at most.',
  ),
  'sync.batch-blocks': setting(
    integerType({ placeholder: 'COUNT', min: 1, max: 4_096 }),
    defaultPipelinePolicy.batchBlocksMax,
    'Blocks committed together while behind. At the tip it is always one.',
  ),
  'sync.state': setting<StateMode>(
    choiceType(['auto', 'merge', 'rebuild']),
    defaultStatePolicy.mode,
    'How the state root is kept up far behind the tip: `merge` hashes it for every batch of blocks; `rebuild` applies ' +
      'blocks to the flat state only and builds all tries once near the tip, until when the state is shown as pending; ' +
      '`auto` rebuilds when it is 20,000 blocks behind or more.',
  ),
  'sync.poll-interval': setting(
    durationType({ min: 10, max: 3_600_000 }),
    defaultPipelinePolicy.pollMs,
    'How often a source is asked for its newest block near the tip.',
  ),
  'sync.poll-interval-behind': setting(
    durationType({ min: 10, max: 3_600_000 }),
    defaultPipelinePolicy.pollBehindMs,
    'How often a source is asked for its newest block while far behind.',
  ),
  'shutdown.timeout': setting(
    durationType({ min: 100, max: 3_600_000 }),
    30_000,
    'How long an orderly stop may take before the process ends anyway.',
  ),
  'log.level': setting<'error' | 'warn' | 'info' | 'debug'>(
    choiceType(['error', 'warn', 'info', 'debug']),
    'info',
    'Least severe log lines that are written to stderr.',
  ),
  json: setting(booleanType, false, 'Write JSON for programs to stdout, and logs as JSON to stderr.'),
  quiet: setting(booleanType, false, 'Write nothing but errors.'),
  config: optional(pathType('FILE'), 'Config file: `.yaml`, `.yml`, `.toml` or `.json`.', {
    fallbackText: '`syncline.yaml` in the working directory, if any',
    isFileKey: false,
  }),
} satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingKey = keyof typeof settings;

/** All values, by key. */
export type Config = {
  readonly [Key in SettingKey]: (typeof settings)[Key] extends Setting<infer T> ? T : never;
};

/** A row of the schema as the loader, the flags and the reference see it: secrets have a second one for their file. */
export interface SettingRow {
  readonly key: string;
  readonly setting: Setting<unknown>;
  /** Set on the row that names the file of a secret: the secret's key. */
  readonly fileOf: SettingKey | null;
}

export const settingRows: readonly SettingRow[] = (Object.keys(settings) as SettingKey[]).flatMap((key) => {
  const row: SettingRow = { key, setting: settings[key], fileOf: null };
  if (!row.setting.isSecret) return [row];
  const doc = `File whose first line is the value of \`${key}\`, as container platforms mount secrets.`;
  return [row, { key: `${key}-file`, setting: optional(pathType('FILE'), doc), fileOf: key }];
});

export function environmentName(key: string): string {
  return `${ENVIRONMENT_PREFIX}${key.toUpperCase().replaceAll(/[.-]/g, '_')}`;
}

export const ENVIRONMENT_PREFIX = 'SYNCLINE_';
