import { SynclineError } from '../../lib/index.ts';

/**
 * What the gateway does wrong on purpose. `every` counts heights (n, 2n, 3n …; genesis is always served well, because
 * a false one means the wrong network), except for `429`, where it counts requests, and for faults of classes, where
 * it counts the chain's classes in the order of their making.
 */
export type Fault =
  /** Once the head block has been served, or once the head has reached a height, abandons the newest blocks. Once. */
  | { readonly kind: 'reorg'; readonly depth: number; readonly atHeight: number | null }
  /** As `reorg`, but the head stays that much lower for a while, then grows again on a new branch. Once. */
  | { readonly kind: 'gateway-rollback'; readonly depth: number; readonly atHeight: number | null }
  /** Refuses every n-th request with status 429 and `Retry-After: 1`. */
  | { readonly kind: '429'; readonly every: number }
  /** Waits before each answer. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Has no signature of a block until that much time has passed since it was first asked for one. */
  | { readonly kind: 'late-signature'; readonly ms: number }
  /** Does not know each n-th class, ever; null: every class is unknown to the first requests for it. */
  | { readonly kind: 'missing-class'; readonly every: number | null }
  | { readonly kind: ClassForgeryKind; readonly every: number }
  | { readonly kind: AnswerFaultKind; readonly every: number };

/** The class arrives and is false. */
export type ClassForgeryKind =
  /** Another number in the class. */
  | 'wrong-class'
  /** Another number in what it is compiled to. */
  | 'wrong-casm';

/** Faults of single answers. */
export type AnswerFaultKind = TransportFaultKind | ForgeryKind;

/** The answer does not arrive whole. */
export type TransportFaultKind =
  /** The connection breaks in the middle of the body. */
  | 'truncate'
  /** A proxy's page instead of JSON: with status 502 and, on the next affected height, with status 200. */
  | 'html-error';

/** The answer arrives and is false. */
export type ForgeryKind =
  /** States another block hash, in the block, the state update and the signature alike. */
  | 'wrong-hash'
  /** States another state root, in block and state update alike: the block hash no longer matches. */
  | 'wrong-root'
  /** Another value in the state diff: its commitment no longer matches. */
  | 'wrong-diff'
  /** Another state root, with a block hash and a signature to match: only the state shows it. */
  | 'forged-root'
  /** Another s in the signature. */
  | 'wrong-signature'
  /** A member is missing that no block of this version may lack; another one on each affected height. */
  | 'drop-field';

/** A fault with the text that it was given as. */
export type NamedFault = Fault & { readonly text: string };
export type NamedReorg = Extract<NamedFault, { readonly kind: 'reorg' | 'gateway-rollback' }>;
export type NamedSlow = Extract<NamedFault, { readonly kind: 'slow' }>;
export type NamedLateSignature = Extract<NamedFault, { readonly kind: 'late-signature' }>;

/** Kind → how it is written and what it does; what `parseFault` understands, in the order of a help page. */
export const faultHelp: Readonly<Record<Fault['kind'], string>> = {
  reorg: 'reorg:depth[@height]  abandons the newest blocks once the head was served, or at that head height',
  'gateway-rollback': 'gateway-rollback:depth[@height]  as reorg, but the head stays lower for a while before it grows',
  '429': '429[:everyN]  refuses every N-th request with Retry-After: 1 (N from 2, default 10)',
  slow: 'slow[:ms]  waits before each answer (default 200)',
  truncate: 'truncate[:everyN]  breaks the connection in the middle of a body',
  'wrong-hash': 'wrong-hash[:everyN]  states another block hash',
  'wrong-root': 'wrong-root[:everyN]  states another state root, so that the block hash no longer matches',
  'wrong-diff': 'wrong-diff[:everyN]  changes a value of the state diff',
  'forged-root': 'forged-root[:everyN]  another state root, hashed and signed as if it were true',
  'wrong-signature': 'wrong-signature[:everyN]  damages the signature',
  'drop-field': 'drop-field[:everyN]  leaves out a member',
  'late-signature': 'late-signature[:ms]  has no signature at first, for that long (default 700)',
  'missing-class':
    'missing-class[:everyN]  does not know any class at first; with everyN, never knows each N-th class of the chain',
  'wrong-class': 'wrong-class[:everyN]  changes each N-th class of the chain (default 2)',
  'wrong-casm': 'wrong-casm[:everyN]  changes what each N-th class of the chain is compiled to (default 2)',
  'html-error': "html-error[:everyN]  answers with a proxy's page",
};

/**
 * Parses a fault: `kind`, or `kind:param`. Before N the word `every` is allowed; N is 10 where it is left out, and 2
 * for false classes.
 * @throws {SynclineError} `FAULT_UNKNOWN`, `FAULT_MALFORMED` (both fault `caller`); `expected` says how it is written.
 */
export function parseFault(text: string): NamedFault {
  const colon = text.indexOf(':');
  const kind = colon === -1 ? text : text.slice(0, colon);
  const param = colon === -1 ? null : text.slice(colon + 1);
  if (!isKind(kind)) {
    throw new SynclineError('FAULT_UNKNOWN', 'caller', `no fault is called ${kind.slice(0, 40)}`, {
      data: { got: text.slice(0, 80), expected: Object.values(faultHelp) },
    });
  }
  return { ...parseParam(kind, param, text), text };
}

function parseParam(kind: Fault['kind'], param: string | null, text: string): Fault {
  switch (kind) {
    case 'reorg':
    case 'gateway-rollback': {
      const match = /^([1-9][0-9]{0,8})(?:@([1-9][0-9]{0,8}))?$/.exec(param ?? '');
      if (match === null) throw malformed(kind, text);
      return { kind, depth: Number(match[1]), atHeight: match[2] === undefined ? null : Number(match[2]) };
    }
    case 'slow':
      if (param === null) return { kind, ms: SLOW_MS };
      if (!/^[0-9]{1,7}$/.test(param)) throw malformed(kind, text);
      return { kind, ms: Number(param) };
    case 'late-signature':
      if (param === null) return { kind, ms: LATE_SIGNATURE_MS };
      if (!/^[0-9]{1,7}$/.test(param)) throw malformed(kind, text);
      return { kind, ms: Number(param) };
    case 'missing-class':
      return { kind, every: param === null ? null : parseEvery(kind, param, text) };
    case 'wrong-class':
    case 'wrong-casm':
      return { kind, every: param === null ? EVERY_CLASS : parseEvery(kind, param, text) };
    default: {
      const every = param === null ? EVERY : parseEvery(kind, param, text);
      // Were every request refused, there would be nothing left to test.
      if (kind === '429' && every < 2) throw malformed(kind, text);
      return { kind, every };
    }
  }
}

function parseEvery(kind: Fault['kind'], param: string, text: string): number {
  const every = Number(/^(?:every)?([1-9][0-9]{0,8})$/.exec(param)?.[1]);
  if (Number.isNaN(every)) throw malformed(kind, text);
  return every;
}

function isKind(text: string): text is Fault['kind'] {
  return Object.hasOwn(faultHelp, text);
}

function malformed(kind: Fault['kind'], text: string): SynclineError {
  return new SynclineError('FAULT_MALFORMED', 'caller', `the parameter of fault ${kind} is malformed`, {
    data: { got: text.slice(0, 80), expected: faultHelp[kind] },
  });
}

const EVERY = 10;
/** A chain has few classes. */
const EVERY_CLASS = 2;
const SLOW_MS = 200;
/** About how long a block's signature lags behind it on public networks. */
const LATE_SIGNATURE_MS = 700;
