import { anvilPath } from './anvil.ts';

/** Says once, before the tests, what a run without an Ethereum node leaves out. */
export default function announceMissingAnvil(): void {
  if (anvilPath() === null) console.log('no anvil for this platform in node_modules: the tests in test/l1 are skipped');
}
