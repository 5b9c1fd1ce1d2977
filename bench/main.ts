/**
 * `npm run bench -- [filter] [--json] [--rounds N] [--quick]`: measures, prints a line for each row, and exits with 1
 * if a row could not be measured or its results were wrong. Each bench runs in a process of its own, so that what one
 * leaves behind (garbage, compiled code) is no matter to the next; contenders of one row share theirs.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Row } from './harness/row.ts';
import { formatHeader, formatRow } from './harness/table.ts';
import { benches } from './rows/index.ts';
import type { RunOptions } from './run-bench.ts';

const USAGE = `npm run bench -- [filter…] [--json] [--rounds N] [--quick]

  filter      rows whose name contains one of these; default all
  --json      one JSON object a line
  --rounds N  rounds that count, default 9; fewer than that proves little
  --quick     three rounds of small workloads: to see that everything works

Rows: ${benches.flatMap(({ rows }) => rows).join(', ')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const rounds = values.rounds === undefined ? (values.quick ? 3 : 9) : Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) return misused('--rounds takes an integer from 1');
  const isWanted = (row: string) => positionals.length === 0 || positionals.some((filter) => row.includes(filter));
  const chosen = [...benches.keys()].filter((index) => benches[index]?.rows.some(isWanted));
  if (chosen.length === 0) return misused(`no row is called ${positionals.join(' or ')}`);
  if (!values.json) process.stdout.write(formatHeader());
  let failures = 0;
  for (const bench of chosen) {
    const rows = benches[bench]?.rows.filter(isWanted) ?? [];
    const options: RunOptions = { bench, rounds, quick: values.quick, rows };
    const code = await runBench(options, (row) => {
      process.stdout.write(values.json ? `${JSON.stringify(row)}\n` : formatRow(row));
    });
    if (code !== 0) failures++;
  }
  return failures === 0 ? 0 : 1;
}

function misused(reason: string): number {
  process.stderr.write(`${reason}\n\n${USAGE}`);
  return 2;
}

/** @returns The exit code of the bench's process. Whatever it prints goes to stderr. */
function runBench(options: RunOptions, onRow: (row: Row) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./run-bench.js', import.meta.url)), [JSON.stringify(options)], {
      execArgv: ['--expose-gc', ...process.execArgv],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    child.on('message', (row: Row) => onRow(row));
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
