import { Command, Option } from 'commander';
import { addSettingFlags, type SettingKey, settingKeys } from './config/index.ts';
import type { CliContext } from './context.ts';

/** Runs a command; the outcome is the exit code. Commands are loaded when they are called: `--help` needs none. */
type Run = (code: Promise<number>) => Promise<void>;

/** The commands with their flags and help. It parses and hands over; it decides nothing. */
export function createProgram(context: CliContext, run: Run): Command {
  const program = new Command('syncline')
    .description('Keeps a verified local copy of a chain, at its tip, and serves it.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .configureHelp({ sortSubcommands: false, helpWidth: Math.min(100, context.stdout.columns ?? 100) })
    .showHelpAfterError('See --help.')
    .addHelpText('after', examples(MAIN_EXAMPLES));
  program.option('--version', 'version, commit, Node and what is implemented');
  addStart(program, context, run);
  addDemo(program, context, run);
  addDevnet(program, context, run);
  addStatus(program, context, run);
  addExplain(program, context, run);
  addCheck(program, context, run);
  addVerify(program, context, run);
  addDoctor(program, context, run);
  addConfig(program, context, run);
  addVersion(program, context, run);
  return program;
}

function addStart(program: Command, context: CliContext, run: Run): void {
  const command = program.command('start').description('sync a network and serve it, until stopped');
  addSettingFlags(command, settingKeys);
  command.addHelpText('after', examples(START_EXAMPLES));
  command.action(() => run(import('./commands/start.ts').then(({ start }) => start(context, command))));
}

function addDemo(program: Command, context: CliContext, run: Run): void {
  const command = program
    .command('demo')
    .description('see it work, offline: a chain made on the spot, and a node that syncs from it');
  addDevnetOptions(command, { blocks: '200', blockTime: '2s' });
  addSettingFlags(command, ['until', 'http', 'http.addr', 'log.level', 'shutdown.timeout', 'json', 'quiet']);
  command.action(() => run(import('./commands/demo.ts').then(({ demo }) => demo(context, command))));
}

function addDevnet(program: Command, context: CliContext, run: Run): void {
  const command = program
    .command('devnet')
    .argument('<family>', 'starknet')
    .description('serve a chain made from a seed, with valid commitments, and with faults if you like');
  addDevnetOptions(command, { blocks: '20', blockTime: '4s' });
  command
    .addOption(new Option('--port <PORT>', 'where to listen on 127.0.0.1; 0 takes any free one').default('9600'))
    .option('--pre-confirmed', 'show the newest block as being built; it is the head when the next one is made')
    .option('--write <DIR>', 'write the chain as a folder for --source file://… instead of serving it')
    .option('--network-file <FILE>', 'also write the chain id, key and genesis hash, for --network FILE');
  addSettingFlags(command, ['json']);
  command.addHelpText('after', examples(DEVNET_EXAMPLES));
  command.action((family: string) =>
    run(import('./commands/devnet.ts').then(({ devnet }) => devnet(context, family, command))),
  );
}

function addStatus(program: Command, context: CliContext, run: Run): void {
  const command = program
    .command('status')
    .description('tips, mode, target, rate, sources: of a running node, or of a data folder')
    .option('--url <URL>', 'address of a running node (default: http://127.0.0.1:9545, unless a folder is named)');
  addSettingFlags(command, FOLDER_KEYS);
  command.action(() => run(import('./commands/status.ts').then(({ status }) => status(context, command))));
}

function addExplain(program: Command, context: CliContext, run: Run): void {
  const command = program
    .command('explain')
    .argument('<height|hash>', 'of the block in question')
    .description('how a block is proven, where it came from, and what was rejected at its height')
    .option('--url <URL>', 'ask a running node instead of looking into the data folder');
  addSettingFlags(command, FOLDER_KEYS);
  command.action((query: string) =>
    run(import('./commands/explain.ts').then(({ explainCommand }) => explainCommand(context, query, command))),
  );
}

function addCheck(program: Command, context: CliContext, run: Run): void {
  const command = program
    .command('check')
    .argument('<family>', 'starknet')
    .argument('<file...>', 'captured blocks, state updates, signatures, classes; the content tells which')
    .description('verify captured data offline, with one verdict line for each check')
    .option('--expect <HASH>', 'what a class has to hash to (default: the last 0x… in the name of its file)');
  addSettingFlags(command, ['network', 'starknet.hash-table', 'json', 'config']);
  command.addHelpText('after', examples(CHECK_EXAMPLES));
  command.action((family: string, files: readonly string[]) =>
    run(import('./commands/check.ts').then(({ check }) => check(context, { family, files }, command))),
  );
}

function addVerify(program: Command, context: CliContext, run: Run): void {
  const command = program
    .command('verify')
    .description('recompute everything provable from the data folder, also while a node runs on it')
    .option('--from <HEIGHT>', 'first block (default: 0)')
    .option('--to <HEIGHT>', 'last block (default: the tip)')
    .option('--deep', 'also build all tries again and compare them page by page')
    .option('--restart', 'begin anew instead of going on where an earlier run stopped');
  addSettingFlags(command, [...FOLDER_KEYS, 'starknet.signature', 'starknet.hash-table', 'shutdown.timeout', 'quiet']);
  command.addHelpText('after', examples(VERIFY_EXAMPLES));
  command.action(() => run(import('./commands/verify.ts').then(({ verify }) => verify(context, command))));
}

function addDoctor(program: Command, context: CliContext, run: Run): void {
  const command = program
    .command('doctor')
    .description('look at clock, disk, folder, port, sources and versions, with what to do where something is wrong');
  addSettingFlags(command, DOCTOR_KEYS);
  command.action(() => run(import('./commands/doctor.ts').then(({ doctor }) => doctor(context, command))));
}

function addConfig(program: Command, context: CliContext, run: Run): void {
  const config = program.command('config').description('look at the settings');
  const command = config
    .command('print')
    .description('each setting as it would be used, secrets blanked')
    .option('--origin', 'also where each value comes from');
  addSettingFlags(command, settingKeys);
  command.action(() =>
    run(import('./commands/config-print.ts').then(({ configPrint }) => configPrint(context, command))),
  );
}

function addVersion(program: Command, context: CliContext, run: Run): void {
  const command = program.command('version').description('version, commit, Node and what is implemented');
  command.option('--json', 'as JSON');
  command.action(() => {
    const json = command.opts<{ json?: boolean }>().json === true;
    return run(import('./commands/version.ts').then(({ version }) => version(context, { json })));
  });
}

function addDevnetOptions(command: Command, defaults: { readonly blocks: string; readonly blockTime: string }): void {
  command
    .addOption(new Option('--seed <INTEGER>', 'same seed, same chain').default('1'))
    .addOption(new Option('--blocks <COUNT>', 'blocks there are at the beginning').default(defaults.blocks))
    .addOption(new Option('--transactions <COUNT>', 'transactions in a block').default('8'))
    .addOption(new Option('--storage-updates <COUNT>', 'storage entries that a block changes').default('20'))
    .addOption(
      new Option('--block-time <DURATION>', 'time between new blocks; 0s makes none').default(defaults.blockTime),
    )
    .addOption(
      new Option(
        '--fault <KIND[:PARAM]>',
        'something that goes wrong on purpose, repeatable; `list` tells what there is',
      ).argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]),
    );
}

function examples(pairs: readonly (readonly [string, string])[]): string {
  return `\nExamples:\n${pairs.map(([what, line]) => `  # ${what}\n  ${line}`).join('\n')}\n`;
}

/** What the reading commands need to find a data folder. */
const FOLDER_KEYS: readonly SettingKey[] = ['network', 'data-dir', 'json', 'config'];

/** What a node would rely on. */
const DOCTOR_KEYS: readonly SettingKey[] = [
  ...FOLDER_KEYS,
  'source',
  'http',
  'http.addr',
  'gateway.key',
  'l1.url',
  'rpc.upstream',
  'starknet.hash-table',
  'sierra.compiler',
  'sierra.argument',
  'sierra.timeout',
  'sierra.memory',
];

const MAIN_EXAMPLES = [
  ['see it work, without a network', 'syncline demo'],
  ['follow Starknet mainnet', 'syncline start --network starknet-mainnet'],
  ['how far is it?', 'syncline status'],
] as const;

const START_EXAMPLES = [
  ['from the public gateway, into ./syncline-data/starknet-sepolia', 'syncline start --network starknet-sepolia'],
  [
    'replay a folder of captures up to block 9, for a program',
    'syncline start --network starknet-mainnet --source file:///captures --until 9 --json --no-http',
  ],
  ['settings from a file', 'syncline start --config node.yaml'],
] as const;

const VERIFY_EXAMPLES = [
  ['everything, with the tries built again', 'syncline verify --data-dir /var/lib/syncline --deep'],
  ['some blocks of the default folder of a network', 'syncline verify --network starknet-mainnet --from 100 --to 200'],
] as const;

const DEVNET_EXAMPLES = [
  ['100 blocks, then one every second', 'syncline devnet starknet --blocks 100 --block-time 1s'],
  ['a gateway that misbehaves', 'syncline devnet starknet --fault 429:every5 --fault wrong-hash --fault reorg:3'],
  ['what can go wrong', 'syncline devnet starknet --fault list'],
] as const;

const CHECK_EXAMPLES = [
  [
    'a block together with its state update and signature',
    'syncline check starknet --network starknet-mainnet block/9.json state_update/9.json signature/9.json',
  ],
  ['a class against its hash', 'syncline check starknet --network starknet-mainnet class.json --expect 0x1a2b…'],
] as const;
