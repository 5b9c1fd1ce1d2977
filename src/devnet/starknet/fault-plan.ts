import type {
  AnswerFaultKind,
  ClassForgeryKind,
  Fault,
  NamedFault,
  NamedLateSignature,
  NamedReorg,
  NamedSlow,
} from './faults.ts';

/** A fault that was injected. */
export interface InjectedFault {
  readonly kind: Fault['kind'];
  /** The fault as it was given. */
  readonly fault: string;
  /** Height of the answer, of a class's block or, for a reorg, of the head before it; null where there is none. */
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

/** What an answer about a class carries. */
export interface ClassContent {
  readonly call: 'get_class_by_hash' | 'get_compiled_class_by_class_hash';
  /** Number of the class in its chain, from 1. */
  readonly ordinal: number;
}

/** A fault of an answer about a class, decided on. */
export interface ClassFault {
  readonly kind: 'missing-class' | ClassForgeryKind;
  readonly named: NamedFault;
}

/**
 * Decides which request meets which fault. A fault of answers strikes the first `servings` answers to each call for an
 * affected height, and no later one, so that whoever asks again gets the truth in the end, even from this gateway
 * alone. Where several faults are due, the first in the list strikes, and the others wait for the next serving. Faults
 * of classes are counted likewise, for each call and class, except for classes that are missing for good.
 */
export class FaultPlan {
  readonly #faults: readonly NamedFault[];
  readonly #servings: number;
  readonly #counts: Record<string, number> = {};
  /** Fault number, call and height → how many answers were struck. */
  readonly #struck = new Map<string, number>();
  readonly #reorged = new Set<NamedFault>();
  /** Fault number and block hash → when its signature was asked for first. */
  readonly #signaturesAskedMs = new Map<string, number>();
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
      if (!isAnswerFault(named)) continue;
      if (content.height === 0 || content.height % named.every !== 0 || !canStrike(named.kind, content)) continue;
      if (!this.#strikes(`${index} ${content.call} ${content.height}`)) continue;
      return { kind: named.kind, named, turn: content.height / named.every - 1 };
    }
    return null;
  }

  /** The fault that strikes an answer about a class, counted as served. */
  classFault({ call, ordinal }: ClassContent): ClassFault | null {
    for (const [index, named] of this.#faults.entries()) {
      if (named.kind !== 'missing-class' && named.kind !== FORGERIES[call]) continue;
      if (named.every !== null && ordinal % named.every !== 0) continue;
      const isForGood = named.kind === 'missing-class' && named.every !== null;
      if (isForGood || this.#strikes(`${index} ${call} ${ordinal}`)) return { kind: named.kind, named };
    }
    return null;
  }

  /** The fault that holds back a block's signature now. @param nowMs Milliseconds on a clock that only rises. */
  lateSignature(blockHash: string, nowMs: number): NamedLateSignature | null {
    for (const [index, named] of this.#faults.entries()) {
      if (named.kind !== 'late-signature') continue;
      const id = `${index} ${blockHash}`;
      const askedMs = this.#signaturesAskedMs.get(id) ?? nowMs;
      this.#signaturesAskedMs.set(id, askedMs);
      if (nowMs - askedMs < named.ms) return named;
    }
    return null;
  }

  /** The reorg that is due now; each comes once. @param headServed Whether the head block has just been served. */
  dueReorg(head: { readonly height: number; readonly headServed: boolean }): NamedReorg | null {
    for (const fault of this.#faults) {
      if ((fault.kind !== 'reorg' && fault.kind !== 'gateway-rollback') || this.#reorged.has(fault)) continue;
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

  /** Whether there are servings left of what the id stands for; takes one. */
  #strikes(id: string): boolean {
    const struck = this.#struck.get(id) ?? 0;
    if (struck >= this.#servings) return false;
    this.#struck.set(id, struck + 1);
    return true;
  }
}

type NamedAnswerFault = Extract<NamedFault, { readonly kind: AnswerFaultKind }>;

function isAnswerFault(named: NamedFault): named is NamedAnswerFault {
  return Object.hasOwn(ANSWER_FAULTS, named.kind);
}

const ANSWER_FAULTS: Readonly<Record<AnswerFaultKind, true>> = {
  truncate: true,
  'html-error': true,
  'wrong-hash': true,
  'wrong-root': true,
  'wrong-diff': true,
  'forged-root': true,
  'wrong-signature': true,
  'drop-field': true,
};

/** Which forgery belongs to which call. */
const FORGERIES: Readonly<Record<ClassContent['call'], ClassForgeryKind>> = {
  get_class_by_hash: 'wrong-class',
  get_compiled_class_by_class_hash: 'wrong-casm',
};

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
