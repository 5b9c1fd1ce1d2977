import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createGatewaySource } from '../../src/chains/starknet/sources/gateway/index.ts';
import type { Delivery, Source } from '../../src/engine/index.ts';
import { createSystemEnv, equalBytes, silentLogger, toHex } from '../../src/lib/index.ts';
import { drawSending, type Sending } from './damaged-http.ts';
import { judgeBlock } from './judge-block.ts';
import { mutate } from './mutators.ts';
import { chance, pick, type Random } from './random.ts';
import { fuzz, shareOfBodies, type Trial } from './run.ts';
import { devnetSites, type Site } from './sites.ts';
import { refusalCode, SOURCE_CODES, WIRE_CODES } from './typed-error.ts';

/*
 * A gateway on a real socket that damages what it says, or how it says it, or both: the real source asks it, and what
 * the source delivers goes on to the rules and the store.
 */

describe('a gateway that damages its answers on the way', () => {
  it('is answered with an error of ours, or has delivered what can be judged', async () => {
    const sites = await devnetSites({ seed: 8, blocks: 4, transactionsPerBlock: 1 });
    const gateway = await openGateway();
    const rounds = shareOfBodies(0.01);
    const outcomes = await fuzz({
      name: 'bodies over sockets',
      rounds,
      draw: (random) => drawDamaged(gateway, pick(sites, random), random),
    });
    await gateway.close();
    for (const outcome of ['SOURCE_BAD_ANSWER', 'SOURCE_UNAVAILABLE', 'committed', 'asked for the head: answered']) {
      expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(rounds / 200 - 5);
    }
  }, 900_000);
});

/** What a gateway is asked, by the call that answers it. */
const QUESTIONS = ['bundle', 'bundle', 'block', 'stateUpdate', 'signature', 'head', 'hash', 'provisional'] as const;
type Question = (typeof QUESTIONS)[number];

function drawDamaged(gateway: Gateway, site: Site, random: Random): Trial {
  const question = pick(QUESTIONS, random);
  const genuine = answerTo(question, site);
  const { bytes, by } = chance(0.6, random)
    ? mutate(genuine, random, pick(site.donors, random).bundle ?? genuine)
    : { bytes: Buffer.from(genuine), by: 'nothing' };
  const sending = drawSending(random);
  return {
    label: `${by} of ${question} of ${site.label}, sent: ${sending.name}`,
    bytes,
    async judge() {
      gateway.answerWith((call, response) => {
        if (call === callOf(question)) sending.send(response, bytes);
        else sendPlainly(response, call, site);
      });
      await using source = openSource(gateway.url, sending);
      const answer = await ask(source, question, site).catch((thrown) =>
        refusalCode(thrown, { codes: [...SOURCE_CODES, ...WIRE_CODES, ...CLIENT_CODES] }),
      );
      return typeof answer === 'string' ? answer : judgeDeliveries(site, answer);
    },
  };
}

/** A source of its own for each round: what it learns of a gateway must not depend on the rounds before. */
function openSource(url: URL, { isStalled }: Sending): Source {
  return createGatewaySource({
    url,
    env: createSystemEnv(),
    log: silentLogger,
    timeouts: { totalTimeoutMs: isStalled ? STALLED_MS : 5_000 },
    bodyLimits: { wireBytesMax: 2 ** 20, bodyBytesMax: 2 * 2 ** 20 },
  });
}

/** What came of a question in a word, or what was delivered. */
async function ask(source: Source, question: Question, site: Site): Promise<readonly Delivery[] | string> {
  const { signal } = new AbortController();
  const { ref } = site;
  switch (question) {
    case 'head': {
      const { head, spans } = await source.survey({ signal });
      if (head !== null && (head.hash?.length !== 32 || spans[0]?.to !== head.height)) throw new Error('half a head');
      return `asked for the head: ${head === null ? 'absent' : 'answered'}`;
    }
    case 'hash': {
      const hash = await source.hashAt(ref.height, { signal });
      return `asked for a hash: ${hash === null ? 'absent' : equalBytes(hash, ref.hash) ? 'answered' : 'another one'}`;
    }
    case 'provisional': {
      const blocks = (await source.provisional?.(ref, { signal })) ?? [];
      return `asked for blocks being built: ${blocks.length}`;
    }
    default:
      return collect(source, ref.height);
  }
}

async function collect(source: Source, height: Site['ref']['height']): Promise<readonly Delivery[]> {
  const { signal } = new AbortController();
  const deliveries: Delivery[] = [];
  for await (const delivery of source.fetch({ height, parts: PARTS }, { signal })) deliveries.push(delivery);
  return deliveries;
}

const PARTS = ['block', 'stateUpdate', 'signature'];

/** What was not delivered is had from another source. */
async function judgeDeliveries(site: Site, deliveries: readonly Delivery[]): Promise<string> {
  const delivered = deliveries.flatMap((delivery) =>
    delivery.type === 'bytes' ? [{ part: delivery.part, bytes: delivery.bytes, from: 'liar' }] : [],
  );
  if (delivered.some(({ bytes }) => bytes.byteLength !== bytes.buffer.byteLength)) throw new Error('a shared buffer');
  if (new Set(deliveries.map(({ part }) => part)).size !== deliveries.length) throw new Error('a part twice');
  const isWhole = delivered.some(({ part }) => part === 'bundle');
  const missing = isWhole ? [] : PARTS.filter((part) => !delivered.some((candidate) => candidate.part === part));
  const beside = missing.map((part) => {
    return {
      part,
      bytes: Buffer.from(site.answers[part as 'block' | 'stateUpdate' | 'signature'] ?? ''),
      from: 'honest',
    };
  });
  const offer = { candidates: [...delivered, ...beside], isUnsigned: false, isFlat: false, isUnwound: false };
  return (await judgeBlock(site, offer)).outcome;
}

type Call = 'bundle' | 'block' | 'stateUpdate' | 'signature' | 'head' | 'pending' | 'preConfirmed' | 'other';

function callOf(question: Question): Call {
  return question === 'hash' ? 'head' : question === 'provisional' ? 'pending' : question;
}

function answerTo(question: Question, { answers, ref }: Site): string {
  switch (question) {
    case 'head':
    case 'hash':
      return JSON.stringify({ block_hash: toHex(ref.hash), block_number: ref.height });
    case 'provisional': {
      const { block, state_update: update } = JSON.parse(answers.bundle as string); // the devnet makes one
      const pending = { ...block, block_hash: undefined, status: 'PENDING', parent_block_hash: toHex(ref.hash) };
      return JSON.stringify({ block: pending, state_update: update });
    }
    default:
      return answers[question] as string; // as above
  }
}

/** Bundles are not known here, so that the single calls are made. */
function sendPlainly(response: ServerResponse, call: Call, site: Site): void {
  const isSingle = call === 'block' || call === 'stateUpdate' || call === 'signature';
  const body = isSingle ? site.answers[call] : call === 'bundle' ? MALFORMED_REQUEST : NOT_FOUND;
  response.writeHead(isSingle ? 200 : 400, { 'content-type': 'application/json' }).end(body);
}

const MALFORMED_REQUEST = '{"code":"StarkErrorCode.MALFORMED_REQUEST","message":"Unknown field includeBlock"}';
const NOT_FOUND = '{"code":"StarknetErrorCode.BLOCK_NOT_FOUND","message":"There is no such block."}';

type Answer = (call: Call, response: ServerResponse) => void;

interface Gateway {
  readonly url: URL;
  answerWith(answer: Answer): void;
  /** @throws When a connection is still open that no source needs. */
  close(): Promise<void>;
}

async function openGateway(): Promise<Gateway> {
  let answer: Answer = () => {};
  const server = createServer((request, response) => {
    response.on('error', () => {}); // whoever asked has hung up
    answer(callIn(new URL(request.url ?? '', 'http://gateway')), response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: new URL(`http://127.0.0.1:${port}/feeder_gateway`),
    answerWith(next) {
      answer = next;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

function callIn({ pathname, searchParams }: URL): Call {
  if (searchParams.has('headerOnly')) return 'head';
  switch (pathname.split('/').at(-1)) {
    case 'get_block':
      return 'block';
    case 'get_signature':
      return 'signature';
    case 'get_preconfirmed_block':
      return 'preConfirmed';
    case 'get_state_update':
      if (searchParams.get('blockNumber') === 'pending') return 'pending';
      return searchParams.has('includeBlock') ? 'bundle' : 'stateUpdate';
    default:
      return 'other';
  }
}

const CLIENT_CODES = ['SOURCE_TIMEOUT', 'SOURCE_RATE_LIMITED'];
/** What a stalled answer takes. */
const STALLED_MS = 60;
