import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { feltToHex } from '../../chains/starknet/index.ts';
import { type Env, SynclineError } from '../../lib/index.ts';
import type { Building } from './building.ts';
import { forgeClass } from './class-forgery.ts';
import type { AnswerContent, AnswerFault, FaultPlan } from './fault-plan.ts';
import { forge } from './forgery.ts';
import { assemble, cutBundle, jsonOfForgery, noSignature, type Route, routeOf, undeclared } from './gateway-routes.ts';
import { htmlAnswer, JSON_TYPE, pack, send, sendHalf } from './http-answer.ts';
import type { StarknetDevnet } from './starknet-devnet.ts';

/** What a gateway answers of a class whatever it is; the class's own bytes where left out. Faults alter it further. */
export type ClassAnswers = Partial<Readonly<Record<'json' | 'compiledJson', string>>>;

/** What a served devnet consists of, besides its socket. */
export interface Gateway {
  readonly devnet: StarknetDevnet;
  /** Null where no block is shown before it is the head. */
  readonly building: Building | null;
  readonly plan: FaultPlan;
  /** Class hash in canonical hex → what is answered of the class in place of its own bytes. */
  readonly classAnswers: Readonly<Record<string, ClassAnswers>>;
  readonly env: Env;
  readonly signal: AbortSignal;
  /** Abandons the newest blocks; the head stays there for a while, and no block is made meanwhile. */
  rollback(depth: number): void;
}

/** Answers one request, with the faults that are due. */
export async function answerRequest(
  gateway: Gateway,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { devnet, building, plan, env, signal } = gateway;
  const refusal = plan.refusalOf();
  if (refusal !== null) {
    plan.report(refusal, null, 'status 429, Retry-After: 1');
    return send(response, { ...htmlAnswer(429, 'Too Many Requests'), retryAfterS: 1 });
  }
  for (const slow of plan.delays()) {
    plan.report(slow, null, `waited ${slow.ms} ms`);
    await env.sleep(slow.ms, signal);
  }
  const url = new URL(request.url ?? '', 'http://gateway');
  const route: Route = request.method === 'GET' ? routeOf(devnet, url, building) : { type: 'unknown' };
  const asked: Asked = { response, isGzipAccepted: String(request.headers['accept-encoding'] ?? '').includes('gzip') };
  switch (route.type) {
    case 'unknown':
      return send(response, htmlAnswer(404, 'Not Found'));
    case 'json':
      return sendJson(route, asked);
    case 'class':
      return answerClass(gateway, route, asked);
    case 'objects': {
      const headServed = await answerObjects(gateway, route.content, asked);
      return reorgIfDue(gateway, headServed);
    }
    default:
      return route satisfies never;
  }
}

interface Asked {
  readonly response: ServerResponse;
  readonly isGzipAccepted: boolean;
}

async function sendJson(
  { status, json }: { readonly status: number; readonly json: string },
  { response, isGzipAccepted }: Asked,
): Promise<void> {
  send(response, { status, type: JSON_TYPE, ...(await pack(json, isGzipAccepted)) });
}

async function answerClass(
  { devnet, plan, classAnswers }: Gateway,
  { content, named }: Extract<Route, { readonly type: 'class' }>,
  asked: Asked,
): Promise<void> {
  const fault = plan.classFault(content);
  const classHash = feltToHex(named.classHash);
  if (fault?.kind === 'missing-class') {
    plan.report(fault.named, named.height, `class ${classHash} unknown`);
    return sendJson(undeclared(classHash), asked);
  }
  const member = content.call === 'get_class_by_hash' ? 'json' : 'compiledJson';
  const own = classAnswers[classHash]?.[member] ?? devnet.classFiles(named)[member];
  if (own === null) return sendJson(undeclared(classHash), asked);
  if (fault === null) return sendJson({ status: 200, json: own }, asked);
  const { json, detail } = forgeClass(fault.kind, own, named.seed.kind);
  plan.report(fault.named, named.height, `class ${classHash}: ${detail}`);
  return sendJson({ status: 200, json }, asked);
}

/** @returns Whether this was the true head block, and it has been sent to its end. */
async function answerObjects(gateway: Gateway, wanted: AnswerContent, asked: Asked): Promise<boolean> {
  const content = withoutLateSignature(gateway, wanted);
  if (content === null) {
    await sendJson(noSignature(wanted.height), asked);
    return false;
  }
  const fault = gateway.plan.answerFault(content);
  if (fault !== null) {
    await answerFalsely(gateway, content, { ...asked, fault });
    return false;
  }
  const body = await trueBody(gateway.devnet, content, asked.isGzipAccepted);
  send(asked.response, { status: 200, type: JSON_TYPE, ...body });
  await finished(asked.response);
  return content.block && content.height === gateway.devnet.head.height;
}

/** What can be answered now; null where nothing was asked for but a signature that is late. */
function withoutLateSignature({ devnet, plan, env }: Gateway, content: AnswerContent): AnswerContent | null {
  if (!content.signature) return content;
  const hash = feltToHex(devnet.shelvedAt(content.height)?.ref.hash ?? noBlock(content));
  const late = plan.lateSignature(hash, env.nowMs());
  if (late === null) return content;
  plan.report(late, content.height, 'signature held back');
  return content.block || content.stateUpdate ? { ...content, signature: false } : null;
}

async function answerFalsely(
  { devnet, plan }: Gateway,
  content: AnswerContent,
  { response, isGzipAccepted, fault }: Asked & { readonly fault: AnswerFault },
): Promise<void> {
  const report = (detail: string) => plan.report(fault.named, content.height, detail);
  switch (fault.kind) {
    case 'html-error': {
      const status = fault.turn % 2 === 0 ? 502 : 200;
      report(`a page with status ${status}`);
      return send(response, htmlAnswer(status, 'Bad Gateway'));
    }
    case 'truncate':
      report('body cut in half');
      return sendHalf(response, {
        status: 200,
        type: JSON_TYPE,
        ...(await trueBody(devnet, content, isGzipAccepted)),
      });
    default: {
      const original = devnet.blockAt(content.height) ?? noBlock(content);
      const forgery = forge(fault.kind, devnet, original, { turn: fault.turn, holds: content });
      report(forgery.detail);
      const json = assemble(content, jsonOfForgery(forgery));
      return send(response, { status: 200, type: JSON_TYPE, ...(await pack(json, isGzipAccepted)) });
    }
  }
}

/** The bundle is kept gzipped: whoever takes it so gets it at no cost. */
async function trueBody(devnet: StarknetDevnet, content: AnswerContent, isGzipAccepted: boolean) {
  const shelved = devnet.shelvedAt(content.height) ?? noBlock(content);
  const isBundle = content.block && content.stateUpdate && content.signature;
  if (isBundle && isGzipAccepted) return { body: shelved.bundle, encoding: 'gzip' };
  return pack(assemble(content, cutBundle(shelved)), isGzipAccepted);
}

/** Abandons blocks when the plan says so. @param headServed Whether the head block has just been served. */
export function reorgIfDue({ devnet, plan, rollback }: Gateway, headServed: boolean): void {
  const { height } = devnet.head;
  const due = plan.dueReorg({ height, headServed });
  if (due === null) return;
  const depth = Math.min(due.depth, height); // genesis stays
  if (due.kind === 'gateway-rollback') {
    plan.report(due, height, `${depth} blocks abandoned`);
    rollback(depth);
    return;
  }
  if (depth > 0) devnet.reorg({ depth });
  plan.report(due, height, `${depth} blocks replaced`);
}

function noBlock({ height }: AnswerContent): never {
  throw new SynclineError('DEVNET_ROUTE', 'bug', 'a route leads to no block', { data: { height } });
}
