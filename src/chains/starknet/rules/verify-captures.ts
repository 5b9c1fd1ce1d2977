import type { FeltHasher } from '../../../crypto/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import { type ClassHashers, createClassHashers } from '../classes/index.ts';
import type { NetworkParams } from '../params.ts';
import type { Block, BlockSignature, Felt, StateUpdate } from '../types.ts';
import type { CheckResult } from './check-result.ts';
import { checkSignature, createSignatureVerifier, type SignatureVerifier } from './signature.ts';
import { checkStateDiff, digestDiff } from './state-diff-checks.ts';
import { verifyBlock } from './verify-block.ts';
import { type ClassCapture, checkClassCapture } from './verify-class-captures.ts';

/** A parsed file of captured data. */
export type Capture = BlockCapture | ClassCapture;

/** One that belongs to a block. */
export type BlockCapture = {
  /**
   * The height the file is known by, e.g. from its name; null where it is not known. A state update and a signature
   * of the newer form do not state one.
   */
  readonly height: number | null;
} & (
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'state-update'; readonly stateUpdate: StateUpdate }
  | {
      readonly kind: 'state-update-with-block';
      readonly block: Block;
      readonly stateUpdate: StateUpdate;
      readonly signature: BlockSignature | null;
    }
  | { readonly kind: 'signature'; readonly signature: BlockSignature }
);

export interface VerifyCapturesInput {
  readonly hasher: FeltHasher;
  readonly network: NetworkParams;
  readonly captures: readonly Capture[];
  readonly hashTable: Uint8Array | null;
}

/**
 * Verifies files of captured data, each with the help of the others that belong to the same block: those that name
 * its hash, or else those of its height. A compiled class is verified against the state updates that declare it.
 *
 * @returns For each capture its checks: the eight of blocks for a block, `state-diff-commitment` and
 *   `state-diff-length` for a state update, `signature` for a signature, `class-hash` for a class,
 *   `compiled-class-hash` for a compiled class, once for each hash that is declared for it.
 */
export function verifyCaptures(input: VerifyCapturesInput): readonly (readonly CheckResult[])[] {
  const verifier = createSignatureVerifier(input.network);
  const ofBlocks = input.captures.filter(isOfBlock);
  const diffs = ofBlocks.flatMap((capture) => partsOf(capture).stateUpdate?.stateDiff ?? []);
  let hashers: ClassHashers | null = null;
  return input.captures.map((capture) => {
    if (isOfBlock(capture)) return verifyCapture(input, ofBlocks, capture, verifier);
    hashers ??= createClassHashers(input.hasher);
    return checkClassCapture(hashers, capture, diffs);
  });
}

function isOfBlock(capture: Capture): capture is BlockCapture {
  return capture.kind !== 'class' && capture.kind !== 'compiled-class';
}

function verifyCapture(
  { hasher, network, hashTable }: VerifyCapturesInput,
  captures: readonly BlockCapture[],
  capture: BlockCapture,
  signatureVerifier: SignatureVerifier | null,
): readonly CheckResult[] {
  const { block, stateUpdate, signature } = joined(captures, capture);
  switch (capture.kind) {
    case 'block':
    case 'state-update-with-block': {
      const policy = { signaturePolicy: 'fail', signatureVerifier } as const;
      const { block: own } = capture;
      return verifyBlock({ hasher, network, block: own, stateUpdate, signature, hashTable, ...policy }).checks;
    }
    case 'state-update': {
      const digest = digestDiff(hasher, capture.stateUpdate.stateDiff);
      return checkStateDiff(hasher, capture.stateUpdate, digest, { header: block?.header ?? null, signature });
    }
    case 'signature':
      return [checkSignature(hasher, network, capture.signature, block?.header ?? null, signatureVerifier)];
  }
}

interface Joined {
  readonly block: Block | null;
  readonly stateUpdate: StateUpdate | null;
  readonly signature: BlockSignature | null;
}

/** A capture's own parts, and from the other captures those it lacks. */
function joined(captures: readonly BlockCapture[], capture: BlockCapture): Joined {
  const others = captures.filter((other) => other !== capture);
  const sameHash = others.filter((other) => equalBytes(hashOf(other), hashOf(capture)));
  const height = heightOf(capture);
  const sameHeight = height === null ? [] : others.filter((other) => heightOf(other) === height);
  const candidates = [capture, ...sameHash, ...sameHeight].map(partsOf);
  return {
    block: candidates.find((parts) => parts.block !== null)?.block ?? null,
    stateUpdate: candidates.find((parts) => parts.stateUpdate !== null)?.stateUpdate ?? null,
    signature: candidates.find((parts) => parts.signature !== null)?.signature ?? null,
  };
}

function partsOf(capture: BlockCapture): Joined {
  const none = { block: null, stateUpdate: null, signature: null };
  switch (capture.kind) {
    case 'block':
      return { ...none, block: capture.block };
    case 'state-update':
      return { ...none, stateUpdate: capture.stateUpdate };
    case 'signature':
      return { ...none, signature: capture.signature };
    case 'state-update-with-block':
      return { block: capture.block, stateUpdate: capture.stateUpdate, signature: capture.signature };
  }
}

function hashOf(capture: BlockCapture): Felt {
  switch (capture.kind) {
    case 'block':
    case 'state-update-with-block':
      return capture.block.header.hash;
    case 'state-update':
      return capture.stateUpdate.blockHash;
    case 'signature':
      return capture.signature.blockHash;
  }
}

function heightOf(capture: BlockCapture): number | null {
  if (capture.kind === 'block' || capture.kind === 'state-update-with-block') return capture.block.header.number;
  if (capture.kind === 'signature' && capture.signature.form === 'block-hash-and-diff') {
    return capture.signature.blockNumber;
  }
  return capture.height;
}
