import type { Delivery, FetchRequest, FinalClaim, Source } from '../engine/index.ts';
import { type Env, SynclineError } from '../lib/index.ts';

/** How a source misbehaves. Shares are probabilities per call, 0 to 1. */
export interface SourceFaults {
  /** Time an answer takes, drawn evenly between the two. */
  readonly latencyMs?: readonly [min: number, max: number];
  /** Never answers. */
  readonly silentShare?: number;
  /** Fails as an unreachable or busy source does. */
  readonly errorShare?: number;
  /** Asks for patience: `retryAfterMs` of a failing call. */
  readonly retryAfterMs?: number;
  /** Answers with bytes changed at one place. */
  readonly corruptShare?: number;
  /** Says it does not have what it has. */
  readonly denyShare?: number;
  /** Claims this many blocks more than it has. */
  readonly boastBlocks?: number;
  /** Replaces a delivery by another: how a liar with valid-looking data is made. */
  readonly forge?: (request: FetchRequest, delivery: Delivery) => Delivery;
  /** Hears of each call: `survey`, `hash`, `fetch`, with what came of it. */
  readonly onCall?: (call: string) => void;
}

/** Wraps a source in bad weather. Uses only the given environment, so it is deterministic under a virtual one. */
export function createFaultySource(inner: Source, env: Env, faults: SourceFaults): Source {
  const happens = (share: number | undefined) => share !== undefined && share > 0 && env.random() < share;

  async function travel(call: string, signal: AbortSignal): Promise<void> {
    const [min, max] = faults.latencyMs ?? [0, 0];
    if (max > 0) await env.sleep(min + env.random() * (max - min), signal);
    if (happens(faults.silentShare)) {
      faults.onCall?.(`${call} silence`);
      await new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
    if (happens(faults.errorShare)) {
      faults.onCall?.(`${call} error`);
      throw new SynclineError('SOURCE_UNAVAILABLE', 'source', 'the source is away', {
        data: faults.retryAfterMs === undefined ? {} : { retryAfterMs: faults.retryAfterMs },
      });
    }
  }

  return {
    id: inner.id,
    standing: inner.standing,
    parts: inner.parts,
    limits: inner.limits,
    async survey(options) {
      await travel('survey', options.signal);
      const survey = await inner.survey(options);
      const last = survey.spans[survey.spans.length - 1];
      faults.onCall?.(`survey ${survey.head?.height ?? 'empty'}`);
      if (!faults.boastBlocks || last === undefined) return survey;
      const to = (last.to + faults.boastBlocks) as typeof last.to;
      return { ...survey, spans: [...survey.spans.slice(0, -1), { from: last.from, to }] };
    },
    async *fetch(request, options) {
      const call = `fetch ${request.height} ${request.parts.join('+')}`;
      await travel(call, options.signal);
      faults.onCall?.(call);
      for await (const delivery of inner.fetch(request, options)) {
        if (happens(faults.denyShare)) yield { type: 'absent', part: delivery.part };
        else if (delivery.type === 'bytes' && happens(faults.corruptShare)) yield corrupted(delivery, env);
        else yield faults.forge?.(request, delivery) ?? delivery;
      }
    },
    async hashAt(height, options) {
      await travel(`hash ${height}`, options.signal);
      faults.onCall?.(`hash ${height}`);
      return inner.hashAt(height, options);
    },
    ...(inner.watchFinal === undefined ? {} : { watchFinal: (options) => inner.watchFinal?.(options) ?? noClaims() }),
    ...(inner.provisional === undefined
      ? {}
      : {
          async provisional(on, options) {
            await travel(`provisional ${on.height}`, options.signal);
            return inner.provisional?.(on, options) ?? [];
          },
        }),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose]() as Promise<void>,
  };
}

async function* noClaims(): AsyncGenerator<FinalClaim> {}

function corrupted(delivery: Extract<Delivery, { type: 'bytes' }>, env: Env): Delivery {
  const bytes = new Uint8Array(delivery.bytes);
  if (bytes.length === 0) return { type: 'bytes', part: delivery.part, bytes: new Uint8Array([1]) };
  const at = Math.floor(env.random() * bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(env.random() * 8)); // at < length
  return { type: 'bytes', part: delivery.part, bytes };
}
