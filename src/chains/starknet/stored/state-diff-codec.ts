import type { StateDiff } from '../types.ts';
import { StoredReader } from './stored-reader.ts';
import { StoredWriter } from './stored-writer.ts';

/** Encodes a state diff for the store, in the layout of `layout.ts`. The order within each list is kept. */
export function encodeStateDiff(diff: StateDiff): Uint8Array {
  const writer = new StoredWriter();
  writer.list(diff.deployedContracts, (contract) => {
    writer.felt(contract.address);
    writer.felt(contract.classHash);
  });
  writer.list(diff.replacedClasses, (contract) => {
    writer.felt(contract.address);
    writer.felt(contract.classHash);
  });
  writer.list(diff.nonces, (contract) => {
    writer.felt(contract.address);
    writer.felt(contract.nonce);
  });
  writer.list(diff.storageDiffs, (contract) => {
    writer.felt(contract.address);
    writer.list(contract.entries, (entry) => {
      writer.felt(entry.key);
      writer.felt(entry.value);
    });
  });
  writer.list(diff.declaredClasses, (declared) => {
    writer.felt(declared.classHash);
    writer.felt(declared.compiledClassHash);
  });
  writer.list(diff.migratedCompiledClasses, (declared) => {
    writer.felt(declared.classHash);
    writer.felt(declared.compiledClassHash);
  });
  writer.list(diff.oldDeclaredContracts, (classHash) => writer.felt(classHash));
  return writer.finish();
}

/** @throws {SynclineError} `STORED_CORRUPT` (fault `local`). */
export function decodeStateDiff(bytes: Uint8Array): StateDiff {
  const reader = new StoredReader(bytes, 'state diff');
  // Members are evaluated in the order they are written, here and below, which is the order of the lists and the felts.
  const diff: StateDiff = {
    deployedContracts: reader.list(2, readClassOf),
    replacedClasses: reader.list(2, readClassOf),
    nonces: reader.list(2, readNonce),
    storageDiffs: reader.list(2, readStorage),
    declaredClasses: reader.list(2, readDeclared),
    migratedCompiledClasses: reader.list(2, readDeclared),
    oldDeclaredContracts: reader.list(1, readFelt),
  };
  reader.end();
  return diff;
}

function readClassOf(reader: StoredReader) {
  return { address: reader.felt(), classHash: reader.felt() };
}

function readNonce(reader: StoredReader) {
  return { address: reader.felt(), nonce: reader.felt() };
}

function readStorage(reader: StoredReader) {
  return { address: reader.felt(), entries: reader.list(2, readEntry) };
}

function readEntry(reader: StoredReader) {
  return { key: reader.felt(), value: reader.felt() };
}

function readDeclared(reader: StoredReader) {
  return { classHash: reader.felt(), compiledClassHash: reader.felt() };
}

function readFelt(reader: StoredReader) {
  return reader.felt();
}
