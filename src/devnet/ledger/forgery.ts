import {
  encodeTransfer,
  type Header,
  type Signature,
  type Transfer,
  transactionsRoot,
} from '../../chains/ledger/index.ts';
import { type Hash32, parseHash32 } from '../../engine/index.ts';
import { SynclineError } from '../../lib/index.ts';
import { type DevnetBlock, finishBlock } from './block-maker.ts';
import type { LedgerDevnet } from './ledger-devnet.ts';
import { createSigningKey, type SigningKey, signHeader, signTransfer } from './signing-key.ts';

/** Ways for a block to be false; the comment says which check finds it. The rest of the block is as it should be. */
export type Forgery =
  /** States another hash than it has: `block-hash`. */
  | 'block-hash'
  /** The proposer's signature is damaged: `signature`. */
  | 'signature'
  /** Signed by somebody who is no validator: `proposer`. */
  | 'proposer'
  /** Names another parent, signed by the true proposer: the engine's linking. */
  | 'parent'
  /** States another AppHash, signed by the true proposer: the comparison of roots after the block was applied. */
  | 'app-hash'
  /** True header, false transactions under its name: `transactions-root`, or `transaction-count` if it has none. */
  | 'transactions'
  /** One more transfer, not signed by its sender; signed by the true proposer: `transfer-signature`. */
  | 'transfer-signature'
  /** One more transfer, from an account with nothing in it; signed by the true proposer: `balance`. */
  | 'overdraft'
  /** One more transfer, with a nonce far ahead; signed by the true proposer: `nonce`. */
  | 'nonce';

export const forgeries: readonly Forgery[] = [
  'block-hash',
  'signature',
  'proposer',
  'parent',
  'app-hash',
  'transactions',
  'transfer-signature',
  'overdraft',
  'nonce',
];

/** A false twin of a block of the devnet. The devnet itself stays as it is. Deterministic. */
export function forgeBlock(devnet: LedgerDevnet, block: DevnetBlock, forgery: Forgery): DevnetBlock {
  const { signed, transfers } = block;
  const { header } = signed;
  switch (forgery) {
    case 'block-hash':
      return finishBlock({ ...signed, hash: damaged(signed.hash) as Hash32 }, transfers);
    case 'signature':
      return finishBlock({ ...signed, signature: damaged(signed.signature) as Signature }, transfers);
    case 'proposer': {
      const stranger = strangerKey();
      return finishBlock(signHeader(stranger, { ...header, proposer: stranger.publicKey }), transfers);
    }
    case 'parent':
      return resigned(devnet, { ...header, parentHash: parseHash32(damaged(header.parentHash)) }, transfers);
    case 'app-hash':
      return resigned(devnet, { ...header, appHash: parseHash32(damaged(header.appHash)) }, transfers);
    case 'transactions':
      return { ...finishBlock(signed, falsified(devnet, transfers)), transfers };
    case 'transfer-signature': {
      const transfer = extraTransfer(devnet, strangerKey(), 0);
      return withExtra(devnet, block, { ...transfer, signature: damaged(transfer.signature) as Signature });
    }
    case 'overdraft':
      return withExtra(devnet, block, extraTransfer(devnet, strangerKey(), 0));
    case 'nonce':
      return withExtra(devnet, block, extraTransfer(devnet, devnet.funded[0] as SigningKey, 2 ** 40)); // 8 by default
    default:
      return forgery satisfies never;
  }
}

/** The block with one more transfer at its end, as its true proposer would sign it. */
function withExtra(devnet: LedgerDevnet, block: DevnetBlock, extra: Transfer): DevnetBlock {
  const transfers = [...block.transfers, extra];
  const root = transactionsRoot(transfers.map(encodeTransfer));
  const header = { ...block.signed.header, transactionsRoot: root, transactionCount: transfers.length };
  return resigned(devnet, header, transfers);
}

function falsified(devnet: LedgerDevnet, transfers: readonly Transfer[]): readonly Transfer[] {
  const last = transfers.at(-1);
  if (last === undefined) return [extraTransfer(devnet, strangerKey(), 0)];
  return [...transfers.slice(0, -1), { ...last, amount: last.amount + 1n }];
}

function extraTransfer(devnet: LedgerDevnet, sender: SigningKey, nonce: number): Transfer {
  const { chainId } = devnet.options.genesis;
  return signTransfer(sender, chainId, { to: sender.address, amount: 1n, nonce, memo: null });
}

function resigned(devnet: LedgerDevnet, header: Header, transfers: readonly Transfer[]): DevnetBlock {
  const proposer = devnet.validators.find(({ publicKey }) => publicKey.every((byte, i) => byte === header.proposer[i]));
  if (proposer === undefined) {
    throw new SynclineError('DEVNET_FOREIGN_BLOCK', 'caller', 'the block was not made by this devnet');
  }
  return finishBlock(signHeader(proposer, header), transfers);
}

function damaged(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[0] = (copy[0] as number) ^ 1; // hashes and signatures are not empty
  return copy;
}

/** A key that the chain has never heard of. */
function strangerKey(): SigningKey {
  return createSigningKey('stranger');
}
