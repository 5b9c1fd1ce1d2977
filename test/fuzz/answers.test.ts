import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CheckFileResult, checkFiles } from '../../src/chains/starknet/check.ts';
import { readAnswer, readBlockRef } from '../../src/chains/starknet/sources/gateway/gateway-answer.ts';
import { createStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { type Height, parseHeight } from '../../src/engine/index.ts';
import { concatBytes, toHex } from '../../src/lib/index.ts';
import { vectorsDir } from '../vectors/locate.ts';
import { mutate } from './mutators.ts';
import { chance, pick, pickWeighted, type Random } from './random.ts';
import { fuzz, shareOfBodies, type Trial } from './run.ts';
import { devnetSites } from './sites.ts';
import { refusalCode, SOURCE_CODES } from './typed-error.ts';

/*
 * Answers that only the source looks into (the head in short, application errors), and answers of all kinds as files
 * that somebody has checked.
 */

describe('damaged answers about heads and errors', () => {
  it('name a block, are refused with an error of ours, or are an error themselves', async () => {
    const { height, hash } = createStarknetDevnet({ blocks: 5 }).head;
    const bases = [JSON.stringify({ block_hash: toHex(hash), block_number: height }), ...ERRORS];
    const rounds = shareOfBodies(0.1);
    const outcomes = await fuzz({ name: 'heads and errors', rounds, draw: (random) => drawAnswer(bases, random) });
    for (const outcome of ['SOURCE_BAD_ANSWER', 'a block', 'absent', 'an application error']) {
      expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(rounds / 100 - 5);
    }
  }, 900_000);
});

describe('damaged files', () => {
  it('have a verdict each, whatever they are', async () => {
    const bases = [...(await devnetFiles()), ...capturedFiles()];
    const rounds = Math.ceil(shareOfBodies(0.01) / FILES_PER_ROUND);
    const outcomes = await fuzz({
      name: 'files',
      rounds,
      bodiesPerRound: FILES_PER_ROUND,
      // A block that was cut short is told by trying some thousand counts; a node does not.
      slowMs: 1_000,
      draw: (random) => drawFiles(bases, random),
    });
    expect(outcomes.get('some understood')).toBeGreaterThan(0);
  }, 900_000);
});

function drawAnswer(bases: readonly string[], random: Random): Trial {
  const { bytes, by } = mutate(pick(bases, random), random, pick(bases, random));
  const status = pick([200, 200, 400, 500] as const, random);
  const height = chance(0.5, random) ? null : pick<Height>([4, 5].map(parseHeight), random);
  return {
    label: `${by} of a short answer, status ${status}`,
    bytes,
    judge() {
      try {
        const answer = readAnswer({ status, body: bytes, url: 'http://127.0.0.1/feeder_gateway/get_block' });
        if (answer.type === 'absent') return 'absent';
        if (answer.type === 'refused') return 'an application error';
        const ref = readBlockRef(answer, height);
        if (ref.hash.length !== 32 || (height !== null && ref.height !== height)) throw new Error('another block');
        return 'a block';
      } catch (thrown) {
        return refusalCode(thrown, { codes: SOURCE_CODES });
      }
    },
  };
}

/** A file with its name, as `syncline check` is given it. */
interface FileBase {
  readonly name: string;
  readonly text: string;
}

/** Several at once, as most of the time goes into making the hashers. */
function drawFiles(bases: readonly FileBase[], random: Random): Trial {
  const mutants = Array.from({ length: FILES_PER_ROUND }, () => {
    const base = pickWeighted(
      bases.map((one) => [1 / (2_000 + one.text.length), one] as const),
      random,
    );
    return { name: base.name, bytes: mutate(base.text, random, pick(bases, random).text).bytes };
  });
  return {
    label: `${FILES_PER_ROUND} files`,
    bytes: concatBytes(...mutants.map(({ bytes }) => bytes)),
    judge() {
      const results = checkFiles(mutants, { network: 'starknet-devnet' });
      if (results.length !== mutants.length) throw new Error('not one verdict each');
      const understood = results.filter((result, i) => isUnderstood(result, mutants[i]?.name));
      return understood.length === 0 ? 'none understood' : 'some understood';
    },
  };
}

function isUnderstood(result: CheckFileResult, name: string | undefined): boolean {
  if (result.file !== name) throw new Error('the verdict on another file');
  if (JSON.stringify(result).length > RESULT_CHARS_MAX) throw new Error('too talkative');
  if (result.error === undefined && result.checks.length === 0) throw new Error('no checks, and no reason');
  return result.error === undefined;
}

async function devnetFiles(): Promise<readonly FileBase[]> {
  const sites = await devnetSites({ seed: 5, blocks: 3, transactionsPerBlock: 1, chainId: 'SN_DEVNET' });
  return sites.flatMap(({ answers, ref }) =>
    Object.entries(answers).map(([part, text]) => ({ name: `${part}/${ref.height}.json`, text })),
  );
}

function capturedFiles(): readonly FileBase[] {
  const root = vectorsDir();
  if (root === null) return [];
  return CAPTURES.map((name) => ({ name, text: readFileSync(join(root, 'starknet', name), 'utf8') }));
}

const ERRORS = [
  '{"code":"StarknetErrorCode.BLOCK_NOT_FOUND","message":"Block number 5 was not found."}',
  '{"code":"StarknetErrorCode.UNDECLARED_CLASS","message":"Class with hash 0x1 is not declared."}',
  '{"code":"StarkErrorCode.MALFORMED_REQUEST","message":"Unknown field includeBlock"}',
  '{"code":"StarknetErrorCode.OUT_OF_RANGE_FELT","message":"too large","problems":{"a":["b"]}}',
];

const CAPTURES = [
  'proofs/sepolia_storage_proof.json',
  'errors/undeclared_class.json',
  'integration/class/0xc6c634d10e2cc7b1db6b4403b477f05e39cb4900fd5ea0156d1721dbb6c59b.json',
  'artifacts/cairo2.abi_types.casm.json',
  'integration/state_update_with_block/pending.json',
];

const FILES_PER_ROUND = 20;

/** Eight checks with their numbers and reasons take some kilobytes. */
const RESULT_CHARS_MAX = 10_000;
