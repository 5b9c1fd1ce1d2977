import type { AnswerFaultKind, Fault, NamedFault, NamedReorg, NamedSlow } from './faults.ts';

/** A fault that was injected. */
export interface InjectedFault {
  readonly kind: Fault['kind'];
  /** The fault as it was given. */
  readonly fault: string;
  /** Height of the answer or, for a reorg, of the head before it; null where there is none. */
  readonly height: number | null;
  /** What exactly happened, e.g. `block.timestamp left out`. */
  readonly detail: string;
}

/** What an answer carries; decides which faults can strike it. */
export interface AnswerContent {
  readonly height: number;
  /** Which call it answers: the same height is counted apart for each call. */
  readonly call: string;
  readonly block: boolean;
  readonly stateUpdate: boolean;
  readonly signature: boolean;
}

/** A fault of one answer, decided on. */
export interface AnswerFault {
  readonly kind: AnswerFaultKind;
  readonly named: NamedFault;
  /** Number of the affected height, from 0: height / every - 1. */
  readonly turn: number;
}

/**
 * Decides which request meets which fault. A fault of answers strikes the first `servings` answers to each call for an
 * affected height, and no later one, so that whoever asks again gets the truth in the end, even from this gateway
 * alone. Where several faults are due, the first in the list strikes, and the others wait for the next serving.
 */
export class FaultPlan {
  readonly #faults: readonly NamedFault[];
  readonly #servings: number;
  readonly #counts: Record<string, number> = {};
  /** Fault number, call and height → how many answers were struck. */
  readonly #struck = new Map<string, number>();
  readonly #reorged = new Set<NamedFault>();
  readonly #onFault: (fault: InjectedFault) => void;
  #requests = 0;

  constructor(options: {
    readonly faults: readonly NamedFault[];
    readonly servings: number;
    readonly onFault: (fault: InjectedFault) => void;
  }) {
    this.#faults = options.faults;
    this.#servings = options.servings;
    this.#onFault = options.onFault;
  }

  /** Counts a request; the 429 that it meets, if any. */
  refusalOf(): NamedFault | null {
    this.#requests++;
    return this.#faults.find((fault) => fault.kind === '429' && this.#requests % fault.every === 0) ?? null;
  }

  /** The waits before each answer. */
  delays(): readonly NamedSlow[] {
    return this.#faults.filter((fault) => fault.kind === 'slow');
  }

  /** The fault that strikes an answer, counted as served. */
  answerFault(content: AnswerContent): AnswerFault | null {
    for (const [index, named] of this.#faults.entries()) {
      if (named.kind === 'reorg' || named.kind === '429' || named.kind === 'slow') continue;
      if (content.height === 0 || content.height % named.every !== 0 || !canStrike(named.kind, content)) continue;
      const id = `${index} ${content.call} ${content.height}`;
      const struck = this.#struck.get(id) ?? 0;
      if (struck >= this.#servings) continue;
      this.#struck.set(id, struck + 1);
      return { kind: named.kind, named, turn: content.height / named.every - 1 };
    }
    return null;
  }

  /** The reorg that is due now; each comes once. @param headServed Whether the head block has just been served. */
  dueReorg(head: { readonly height: number; readonly headServed: boolean }): NamedReorg | null {
    for (const fault of this.#faults) {
      if (fault.kind !== 'reorg' || this.#reorged.has(fault)) continue;
      if (fault.atHeight === null ? !head.headServed : head.height < fault.atHeight) continue;
      this.#reorged.add(fault);
      return fault;
    }
    return null;
  }

  /** Counts and reports a fault that has struck. */
  report(named: NamedFault, height: number | null, detail: string): void {
    this.#counts[named.kind] = (this.#counts[named.kind] ?? 0) + 1;
    this.#onFault({ kind: named.kind, fault: named.text, height, detail });
  }

  /** Kind → how often it struck. */
  counts(): Record<string, number> {
    return { ...this.#counts };
  }
}

function canStrike(kind: AnswerFaultKind, { block, stateUpdate, signature }: AnswerContent): boolean {
  switch (kind) {
    case 'truncate':
    case 'html-error':
      return true;
    case 'wrong-hash':
    case 'forged-root':
      return block || stateUpdate || signature;
    case 'wrong-root':
    case 'drop-field':
      return block || stateUpdate;
    case 'wrong-diff':
      return stateUpdate;
    case 'wrong-signature':
      return signature;
    default:
      return kind satisfies never;
  }
}
