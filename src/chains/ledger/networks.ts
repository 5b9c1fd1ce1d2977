import type { LedgerGenesis } from './params.ts';

/** The genesis of `ledger-devnet`: what the devnet generator makes from seed 1. Its keys are public knowledge. */
export const ledgerDevnetGenesis: LedgerGenesis = {
  chainId: 'ledger-devnet',
  timestampS: 1_700_000_000,
  validators: [
    '0xef03373d07ca884d874e4beffc2f49651095dedd69f0b3b1ad0fc167f9a29a37',
    '0x2ea149596307f8e85aa4ecb83d4d87dacbab89f35ef3dc1d6d7e9b86682a3a05',
    '0x47037c8725fc8a05995d144a7b216fcb0c54eb46a83272301e76a4454ecf3265',
    '0x6531d94058d81164d575a8e5c608a49479cfd7e9aaaa35a3d9b161ef4b1659bb',
  ],
  accounts: [
    { address: '0xe807cb8bf979d9c149b635434c5a98ddc4cc4637', balance: '1000000000000' },
    { address: '0x18c4799de482df17c8329ef6b90bb3b6774419bf', balance: '1000000000000' },
    { address: '0xe0882354dcd5c69a7b4cc7396b19f8c7bdeab494', balance: '1000000000000' },
    { address: '0x2ab756bab349d6f1a678c1bdb379728f9c455db9', balance: '1000000000000' },
    { address: '0xb18952cd29561f4dd765649fb947e9f5eae79533', balance: '1000000000000' },
    { address: '0x460a8957a24d8e6a01620dee78d28f318c874152', balance: '1000000000000' },
    { address: '0xf7579ebfed785e91fbd524712dc6d2c8b00a5880', balance: '1000000000000' },
    { address: '0x20fc245a7390607a1be71f7ac223ed27095c0870', balance: '1000000000000' },
  ],
};
