import { FELT_ONE, type Felt, feltFromNumber, type StateDiff } from '../../chains/starknet/index.ts';
import {
  type RenderedObject,
  renderBlock,
  renderSignature,
  renderStateUpdate,
} from '../../chains/starknet/wire/index.ts';
import { equalBytes } from '../../lib/index.ts';
import type { ForgeryKind } from './faults.ts';
import type { DevnetBlock } from './seal-block.ts';
import type { StarknetDevnet } from './starknet-devnet.ts';

/** A block's three objects as the gateway renders them, falsified, and what is false about them. */
export interface Forgery {
  readonly block: RenderedObject;
  readonly stateUpdate: RenderedObject;
  /** `get_signature`'s object; its member `signature` is what comes with a bundle. */
  readonly signature: RenderedObject;
  readonly detail: string;
}

/**
 * Makes a false twin of a block; the devnet itself stays as it is. Deterministic.
 * @param turn  Picks the member that `drop-field` leaves out.
 * @param holds What the answer will hold: a member is dropped from nothing else.
 */
export function forge(
  kind: ForgeryKind,
  devnet: Pick<StarknetDevnet, 'forgeRoot'>,
  original: DevnetBlock,
  {
    turn,
    holds,
  }: { readonly turn: number; readonly holds: { readonly block: boolean; readonly stateUpdate: boolean } },
): Forgery {
  const { block, stateUpdate, signature } = original;
  const { header } = block;
  switch (kind) {
    case 'wrong-hash': {
      const hash = altered(header.hash);
      return render('block hash altered', {
        block: { ...block, header: { ...header, hash } },
        stateUpdate: { ...stateUpdate, blockHash: hash },
        signature: { ...signature, blockHash: hash },
      });
    }
    case 'wrong-root': {
      const newRoot = altered(header.stateRoot);
      return render('state root altered', {
        block: { ...block, header: { ...header, stateRoot: newRoot } },
        stateUpdate: { ...stateUpdate, newRoot },
        signature,
      });
    }
    case 'wrong-diff': {
      const stateDiff = alteredDiff(stateUpdate.stateDiff);
      return render('state diff altered', { ...original, stateUpdate: { ...stateUpdate, stateDiff } });
    }
    case 'forged-root':
      return render('state root altered, hash and signature to match', {
        ...devnet.forgeRoot(original, altered(header.stateRoot)),
      });
    case 'wrong-signature':
      return render('signature altered', { ...original, signature: { ...signature, s: altered(signature.s) } });
    case 'drop-field':
      return dropField(render('', original), turn, holds);
    default:
      return kind satisfies never;
  }
}

function render(detail: string, { block, stateUpdate, signature }: DevnetBlock): Forgery {
  return {
    block: renderBlock(block),
    stateUpdate: renderStateUpdate(stateUpdate),
    signature: renderSignature(signature),
    detail,
  };
}

/**
 * Members that a block of this version cannot lack, the treacherous ones among them: without its version a block
 * would pass for an old one, and without the sequencer's address its hash could not be recomputed.
 */
const REQUIRED: readonly (readonly [part: 'block' | 'stateUpdate', member: string])[] = [
  ['block', 'transactions'],
  ['stateUpdate', 'state_diff'],
  ['block', 'starknet_version'],
  ['block', 'timestamp'],
  ['stateUpdate', 'new_root'],
  ['block', 'sequencer_address'],
  ['block', 'transaction_receipts'],
  ['block', 'parent_block_hash'],
  ['block', 'l2_gas_price'],
  ['stateUpdate', 'block_hash'],
  ['block', 'state_root'],
  ['block', 'block_hash'],
];

function dropField(
  forgery: Forgery,
  turn: number,
  holds: { readonly block: boolean; readonly stateUpdate: boolean },
): Forgery {
  const candidates = REQUIRED.filter(([part]) => holds[part]);
  const [part, member] = candidates[turn % candidates.length] ?? ['block', 'transactions'];
  const members = Object.entries(forgery[part]).filter(([name]) => name !== member);
  return { ...forgery, [part]: Object.fromEntries(members), detail: `${part}.${member} left out` };
}

/** Another felt of the same size. */
function altered(felt: Felt): Felt {
  const out = new Uint8Array(felt);
  out[31] = (out[31] as number) ^ 1; // a felt has 32 bytes; only P - 1 would get out of range
  return out as Felt;
}

function alteredDiff(diff: StateDiff): StateDiff {
  // What contract 0x1 stores is never replaced, so no later block heals the state.
  const hashes = diff.storageDiffs.filter(({ address }) => equalBytes(address, FELT_ONE));
  const [first, ...others] = [...hashes, ...diff.storageDiffs.filter((one) => !hashes.includes(one))];
  const [entry, ...rest] = first?.entries ?? [];
  if (first === undefined || entry === undefined) {
    // Nothing there to alter: an entry that never was.
    const entries = [{ key: feltFromNumber(1), value: feltFromNumber(1) }];
    return { ...diff, storageDiffs: [{ address: feltFromNumber(1), entries }] };
  }
  const entries = [{ key: entry.key, value: altered(entry.value) }, ...rest];
  return { ...diff, storageDiffs: [{ address: first.address, entries }, ...others] };
}
