#!/usr/bin/env node
import { toSynclineError } from '../lib/index.ts';
import { exitCodeOfSignal } from './exit-codes.ts';
import { createRedactor } from './redact.ts';
import { reportError } from './report-error.ts';
import { runCli } from './run-cli.ts';

const context = {
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  redactor: createRedactor(),
};
const args = process.argv.slice(2);

// `syncline status | head -1`: whoever reads may stop reading, and terminals are closed. A running node hears of it
// too, and stops.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}
process.on('uncaughtException', (error) => {
  process.exit(reportError(context, toSynclineError(error), { json: args.includes('--json') }));
});

const code = await runCli(args, context);
// What is still buffered for a slow reader goes out before the process ends; handles left open do not hold it up.
await new Promise((resolve) => process.stdout.write('', resolve));
// Without its terminal the process ends as the signal would have ended it: Node's own exit asserts that the terminal
// can be reset, and dumps core.
if (code === exitCodeOfSignal('SIGHUP')) process.kill(process.pid, 'SIGHUP');
process.exit(code);
