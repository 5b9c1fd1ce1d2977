import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Hash32 } from '../../../engine/index.ts';
import type { PublicKey, Signature } from '../types.ts';

/** Checks ed25519 signatures over 32-byte hashes. */
export interface SignatureChecker {
  /** RFC 8032 section 5.1.7, cofactorless, S below the group order; a key that is no point verifies nothing. */
  verify(key: PublicKey, message: Hash32, signature: Signature): boolean;
}

/**
 * Makes a checker that remembers what it has computed, which changes its speed and no answer: a header is looked
 * at once alone and once together with its transfers, and making a key object costs a tenth of a check.
 * Both memories hold at most 4096 entries and start over when full.
 */
export function createSignatureChecker(): SignatureChecker {
  const keys = new Map<string, KeyObject>();
  const valid = new Set<string>();

  const keyObject = (raw: string, key: PublicKey): KeyObject => {
    const known = keys.get(raw);
    if (known !== undefined) return known;
    const made = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key]), format: 'der', type: 'spki' });
    if (keys.size >= ENTRIES_MAX) keys.clear();
    keys.set(raw, made);
    return made;
  };

  return {
    verify(key, message, signature) {
      const raw = latin1(key);
      const claim = raw + latin1(message) + latin1(signature);
      if (valid.has(claim)) return true;
      if (!verify(null, message, keyObject(raw, key), signature)) return false;
      if (valid.size >= ENTRIES_MAX) valid.clear();
      valid.add(claim);
      return true;
    },
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** SubjectPublicKeyInfo of an ed25519 key up to the key itself: RFC 8410 section 4. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const ENTRIES_MAX = 4096;
