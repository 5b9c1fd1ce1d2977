import { describe, expect, it } from 'vitest';
import { createLedgerDevnet } from '../../devnet/ledger/index.ts';
import type { PlainData, RulesModule } from '../../engine/index.ts';
import { toHex } from '../../lib/index.ts';
import { silentLogger } from '../../lib/log.ts';
import { ledger } from './ledger.ts';
import { ledgerDevnetGenesis } from './networks.ts';
import { type LedgerGenesis, parseLedgerOptions } from './params.ts';

describe('ledger()', () => {
  it('is ledger-devnet by default, the chain that the devnet makes from seed 1', () => {
    const devnet = createLedgerDevnet({ seed: 1 });
    const chain = ledger();
    expect(ledgerDevnetGenesis).toEqual(devnet.options.genesis);
    expect(chain).toMatchObject({
      family: 'ledger',
      network: 'ledger-devnet',
      tips: { provisional: 'proposed', confirmed: 'committed' },
      identity: `ledger:ledger-devnet:${toHex(devnet.head.hash)}`,
      genesisHash: devnet.head.hash,
    });
  });

  it('chains with one id and different beginnings are told apart by identity', () => {
    const other = createLedgerDevnet({ seed: 2 });
    expect(ledger(other.options).identity).not.toBe(ledger().identity);
  });

  it('names a rules module that makes rules from its options, once they have crossed a thread', async () => {
    const devnet = createLedgerDevnet({ seed: 2 });
    const chain = ledger(devnet.options);
    const module = (await import(chain.rulesModule.href)) as RulesModule;
    const rules = await module.createRules(structuredClone(chain.options));
    const { head } = devnet;
    const candidates = [{ part: 'header', bytes: head.header, from: 'a' }];
    expect(rules.examine({ height: head.ref.height, candidates, absent: [] }).type).toBe('sealed');
  });

  it('knows no source by URL', () => {
    const context = { env: {} as never, log: silentLogger };
    expect(() => ledger().createSource(new URL('http://127.0.0.1:9545'), context)).toThrow(
      expect.objectContaining({ code: 'SOURCE_UNSUPPORTED', fault: 'caller' }),
    );
  });
});

describe('ledger options', () => {
  const genesis: LedgerGenesis = ledgerDevnetGenesis;
  const [validator = ''] = genesis.validators;
  const [account = { address: '', balance: '' }] = genesis.accounts;

  it.each<[string, PlainData, string]>([
    ['no object', 'ledger', 'options'],
    ['a network without a genesis', { network: 'mine' }, 'genesis'],
    ['a chain id in capitals', { genesis: { ...genesis, chainId: 'Mine' } }, 'genesis.chainId'],
    ['a time before 1970', { genesis: { ...genesis, timestampS: -1 } }, 'genesis.timestampS'],
    ['no validators', { genesis: { ...genesis, validators: [] } }, 'genesis.validators'],
    ['a short key', { genesis: { ...genesis, validators: ['0x00'] } }, 'genesis.validators'],
    ['a key that is no hex', { genesis: { ...genesis, validators: ['key'] } }, 'genesis.validators'],
    ['one validator twice', { genesis: { ...genesis, validators: [validator, validator] } }, 'genesis.validators'],
    ['accounts that are no list', { genesis: { ...genesis, accounts: {} } }, 'genesis.accounts'],
    ['one account twice', { genesis: { ...genesis, accounts: [account, account] } }, 'genesis.accounts'],
    [
      'a balance of nothing',
      { genesis: { ...genesis, accounts: [{ ...account, balance: '0' }] } },
      'genesis.accounts.balance',
    ],
    [
      'more money than 64 bits',
      { genesis: { ...genesis, accounts: [{ ...account, balance: '18446744073709551616' }] } },
      'genesis.accounts',
    ],
  ])('%s is refused', (_, options, field) => {
    expect(() => parseLedgerOptions(options)).toThrow(
      expect.objectContaining({
        code: 'LEDGER_OPTIONS_INVALID',
        fault: 'caller',
        data: expect.objectContaining({ field }),
      }),
    );
  });
});
