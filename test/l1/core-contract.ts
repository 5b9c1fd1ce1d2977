import solc from 'solc';
import type { Anvil } from './anvil.ts';

/**
 * A contract with the views and the event of Starknet's core contract, which believes everything it is told.
 * @see starkware-libs/cairo-lang, `src/starkware/starknet/solidity/Starknet.sol`
 */
const SOURCE = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

contract CoreContract {
    event LogStateUpdate(uint256 globalRoot, int256 blockNumber, uint256 blockHash);

    uint256 public stateRoot;
    int256 public stateBlockNumber = -1;
    uint256 public stateBlockHash;

    function update(uint256 root, int256 number, uint256 hash) external {
        stateRoot = root;
        stateBlockNumber = number;
        stateBlockHash = hash;
        emit LogStateUpdate(root, number, hash);
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
}

let compiled: { readonly bytecode: string; readonly selector: string } | null = null;

/** The same address each time on a new chain: it follows from the sender and the sender's first transaction. */
export async function deployCoreContract(anvil: Anvil): Promise<CoreContract> {
  compiled ??= compile();
  const { bytecode, selector } = compiled;
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
      const data = `${selector}${hexOf(root)}${wordOf(height)}${hexOf(hash)}`;
      return Number((await send({ to: address, data })).blockNumber);
    },
  };
}

interface Receipt {
  readonly status: string;
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

function compile(): { readonly bytecode: string; readonly selector: string } {
  const input = {
    language: 'Solidity',
    sources: { 'CoreContract.sol': { content: SOURCE } },
    settings: { outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.methodIdentifiers'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as CompilerOutput;
  const contract = output.contracts?.['CoreContract.sol']?.CoreContract;
  if (contract === undefined) throw new Error(`not compiled: ${JSON.stringify(output.errors)}`);
  const { bytecode, methodIdentifiers } = contract.evm;
  return { bytecode: `0x${bytecode.object}`, selector: `0x${methodIdentifiers['update(uint256,int256,uint256)']}` };
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
