import type { VerifyHost } from '../assemble/verify-host.ts';
import type { Delivery, Source } from '../source.ts';

/** A verifier, and how long it has had work: calls under way at once count as one. */
export interface MeteredVerifier {
  readonly host: VerifyHost;
  readonly busyMs: number;
}

export function meterVerifier(host: VerifyHost, nowMs: () => number): MeteredVerifier {
  let underWay = 0;
  let sinceMs = 0;
  let totalMs = 0;
  const elapsedMs = () => (underWay === 0 ? 0 : Math.max(0, nowMs() - sinceMs)); // clocks may be set back

  async function measured<T>(work: () => Promise<T>): Promise<T> {
    if (underWay === 0) sinceMs = nowMs();
    underWay++;
    try {
      return await work();
    } finally {
      const passedMs = elapsedMs();
      if (--underWay === 0) totalMs += passedMs;
    }
  }

  return {
    host: {
      firstNeeds: () => host.firstNeeds(),
      examine: (input) => measured(() => host.examine(input)),
      examinePart: (need, candidate) => measured(() => host.examinePart(need, candidate)),
      close: () => host.close(),
    },
    get busyMs() {
      return totalMs + elapsedMs();
    },
  };
}

/** A source that tells the size of everything it delivers; otherwise as it was. */
export function meterSource(source: Source, onBytes: (bytes: number) => void): Source {
  return {
    id: source.id,
    standing: source.standing,
    parts: source.parts,
    limits: source.limits,
    ...(source.contentOnly === undefined ? {} : { contentOnly: source.contentOnly }),
    survey: (options) => source.survey(options),
    fetch: (request, options) => counted(source.fetch(request, options), onBytes),
    hashAt: (height, options) => source.hashAt(height, options),
    ...(source.watchFinal === undefined ? {} : { watchFinal: source.watchFinal.bind(source) }),
    ...(source.provisional === undefined ? {} : { provisional: source.provisional.bind(source) }),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() as Promise<void>,
  };
}

async function* counted(
  deliveries: AsyncIterable<Delivery>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Delivery> {
  for await (const delivery of deliveries) {
    if (delivery.type === 'bytes') onBytes(delivery.bytes.length);
    yield delivery;
  }
}
