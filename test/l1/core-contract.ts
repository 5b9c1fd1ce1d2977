import solc from 'solc';
import { type Felt, feltAt, feltCount, type MessageToL2 } from '../../src/chains/starknet/index.ts';
import type { Anvil } from './anvil.ts';

/**
 * A contract with the views and the events of Starknet's core contract, which believes everything it is told.
 * @see starkware-libs/cairo-lang, `src/starkware/starknet/solidity/Starknet.sol`, `IStarknetMessagingEvents.sol`
 */
const SOURCE = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

contract CoreContract {
    event LogStateUpdate(uint256 globalRoot, int256 blockNumber, uint256 blockHash);
    event LogMessageToL2(
        address indexed fromAddress,
        uint256 indexed toAddress,
        uint256 indexed selector,
        uint256[] payload,
        uint256 nonce,
        uint256 fee
    );

    uint256 public stateRoot;
    int256 public stateBlockNumber = -1;
    uint256 public stateBlockHash;

    function update(uint256 root, int256 number, uint256 hash) external {
        stateRoot = root;
        stateBlockNumber = number;
        stateBlockHash = hash;
        emit LogStateUpdate(root, number, hash);
    }

    // Messages one behind the other: sender, receiver, selector, nonce, length of the payload, payload.
    function send(uint256[] calldata words) external {
        for (uint256 at = 0; at < words.length; ) {
            uint256 end = at + 5 + words[at + 4];
            address from = address(uint160(words[at]));
            emit LogMessageToL2(from, words[at + 1], words[at + 2], words[at + 5:end], words[at + 3], 7);
            at = end;
        }
    }
}
`;

export interface SettledBlock {
  readonly height: number;
  readonly root: Uint8Array;
  readonly hash: Uint8Array;
}

export interface CoreContract {
  readonly address: string;
  /** Settles a block of L2, in a block of L1 of its own. @returns The number of that. */
  update(block: SettledBlock): Promise<number>;
  /** Sends messages to L2, all in one transaction, in this order. @returns The hash of that. */
  send(messages: readonly MessageToL2[]): Promise<string>;
}

let compiled: { readonly bytecode: string; readonly selectors: Readonly<Record<string, string>> } | null = null;

/** The same address each time on a new chain: it follows from the sender and the sender's first transaction. */
export async function deployCoreContract(anvil: Anvil): Promise<CoreContract> {
  compiled ??= compile();
  const { bytecode, selectors } = compiled;
  const [from] = await anvil.rpc<readonly string[]>('eth_accounts');
  const send = async (transaction: object) => {
    const hash = await anvil.rpc<string>('eth_sendTransaction', [{ from, ...transaction }]);
    const receipt = await receiptOf(anvil, hash);
    if (receipt.status !== '0x1') throw new Error(`transaction ${hash} failed`);
    return receipt;
  };
  const { contractAddress: address } = await send({ data: bytecode });
  return {
    address,
    async update({ height, root, hash }) {
      const data = `0x${selectors['update(uint256,int256,uint256)']}${hexOf(root)}${wordOf(height)}${hexOf(hash)}`;
      return Number((await send({ to: address, data })).blockNumber);
    },
    async send(messages) {
      const words = messages.flatMap(wordsOf);
      const data = `0x${selectors['send(uint256[])']}${wordOf(32)}${wordOf(words.length)}${words.join('')}`;
      return (await send({ to: address, data })).transactionHash;
    },
  };
}

function wordsOf({ fromAddress, toAddress, selector, nonce, payload }: MessageToL2): readonly string[] {
  const felts = Array.from({ length: feltCount(payload) }, (_, index) => feltAt(payload, index));
  const head = [fromAddress, toAddress, selector, nonce as Felt].map(hexOf); // whoever sends a message has its nonce
  return [...head, wordOf(felts.length), ...felts.map(hexOf)];
}

interface Receipt {
  readonly status: string;
  readonly transactionHash: string;
  readonly blockNumber: string;
  readonly contractAddress: string;
}

/** A block is made for each transaction, at once but not before the transaction is accepted. */
async function receiptOf(anvil: Anvil, hash: string): Promise<Receipt> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const receipt = await anvil.rpc<Receipt | null>('eth_getTransactionReceipt', [hash]);
    if (receipt !== null) return receipt;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`transaction ${hash} is in no block`);
}

function compile(): NonNullable<typeof compiled> {
  const input = {
    language: 'Solidity',
    sources: { 'CoreContract.sol': { content: SOURCE } },
    settings: { outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.methodIdentifiers'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as CompilerOutput;
  const contract = output.contracts?.['CoreContract.sol']?.CoreContract;
  if (contract === undefined) throw new Error(`not compiled: ${JSON.stringify(output.errors)}`);
  const { bytecode, methodIdentifiers } = contract.evm;
  return { bytecode: `0x${bytecode.object}`, selectors: methodIdentifiers };
}

interface CompilerOutput {
  readonly errors?: unknown;
  readonly contracts?: Record<string, Record<string, { readonly evm: Evm }>>;
}

interface Evm {
  readonly bytecode: { readonly object: string };
  readonly methodIdentifiers: Record<string, string>;
}

function wordOf(value: number): string {
  return BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, '0');
}

function hexOf(word: Uint8Array): string {
  return Buffer.from(word).toString('hex');
}
