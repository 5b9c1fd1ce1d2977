import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import {
  type Address,
  addressOf,
  blockHash,
  encodeUnsignedTransfer,
  type Header,
  type PublicKey,
  type Signature,
  type SignedHeader,
  sha256,
  type Transfer,
  transferId,
} from '../../chains/ledger/index.ts';

/** A key pair of the devnet. Its secret follows from its name, so it protects nothing. */
export interface SigningKey {
  readonly publicKey: PublicKey;
  readonly address: Address;
  /** ed25519 over a message; the same signature each time. */
  sign(message: Uint8Array): Signature;
}

/** @param name Unlike any other key's, e.g. `seed 1 account 3`. */
export function createSigningKey(name: string): SigningKey {
  const secret = sha256(Buffer.from(`syncline/ledger/devnet ${name}`, 'utf8'));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secret]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(-32)) as PublicKey; // RFC 8410: the key ends the structure
  return {
    publicKey,
    address: addressOf(publicKey),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)) as Signature, // ed25519 gives 64 bytes
  };
}

/** Makes `key` the signer of a header. */
export function signHeader(key: SigningKey, header: Header): SignedHeader {
  const hash = blockHash(header);
  return { header, hash, signature: key.sign(hash) };
}

/** Makes `key` the sender and signer of a transfer. */
export function signTransfer(
  key: SigningKey,
  chainId: string,
  transfer: Omit<Transfer, 'sender' | 'signature'>,
): Transfer {
  const unsigned = { ...transfer, sender: key.publicKey };
  return { ...unsigned, signature: key.sign(transferId(chainId, encodeUnsignedTransfer(unsigned))) };
}

/** PrivateKeyInfo of an ed25519 key up to the 32 secret bytes: RFC 8410 section 7. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
