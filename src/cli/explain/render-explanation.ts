import { formatCount } from '../format.ts';
import type { Paint, Style } from '../terminal.ts';
import type { ExplainedBlock, Explanation } from './explain.ts';

/** An explanation for people. */
export function renderExplanation(explanation: Explanation, paint: Paint): readonly string[] {
  const { network, query, block, orphan, rejections, quarantined } = explanation;
  const lines: string[] = [];
  if (block !== null) lines.push(...renderBlock(network, block, paint));
  else if (orphan !== null) {
    lines.push(
      `${paint('bold', `${network} block ${formatCount(orphan.height)}`)} was confirmed once and rolled back since`,
      `  hash    ${orphan.hash}`,
      `  reason  ${orphan.reason}`,
    );
  } else lines.push(`${paint('bold', `${network}: ${query}`)} is not stored, but known`);
  if (rejections.length > 0) lines.push('', paint('bold', 'rejected candidates, newest first'));
  for (const { timeMs, height, check, expected, got, source, message, evidence } of rejections) {
    lines.push(`  ${paint('bad', check)} at block ${formatCount(height)}, ${new Date(timeMs).toISOString()}`);
    lines.push(
      ...rows(
        [
          ['what', message],
          ['expected', expected],
          ['got', got],
          ['from', source],
          ['evidence', evidence],
        ],
        4,
      ),
    );
  }
  if (quarantined.length > 0) lines.push('', paint('bold', 'quarantined'));
  for (const record of quarantined) lines.push(`  ${JSON.stringify(record)}`);
  return lines;
}

function renderBlock(network: string, block: ExplainedBlock, paint: Paint): readonly string[] {
  const proofs = Object.entries(block.proofs);
  const width = Math.max(0, ...proofs.map(([group]) => group.length));
  const byWidth = Math.max(0, ...proofs.map(([, { by }]) => by.length));
  const from = Object.entries(block.from);
  return [
    `${paint('bold', `${network} block ${formatCount(block.height)}`)} is stored`,
    ...rows(
      [
        ['hash', block.hash],
        ['parent', block.parent],
        ['state root', block.stateRoot],
        ['time', new Date(block.timestampS * 1000).toISOString()],
        ['version', block.protocolVersion === '' ? 'none stated' : block.protocolVersion],
        [
          'holds',
          Object.entries(block.counts)
            .map(([name, count]) => `${formatCount(count)} ${name}`)
            .join(', '),
        ],
      ],
      2,
    ),
    '',
    paint('bold', 'how each group of fields is known to be true'),
    ...proofs.map(([group, { by, meaning }]) => {
      const style: Style = by === 'unverified' ? 'warn' : by === 'pending' ? 'dim' : 'good';
      return `  ${group.padEnd(width)}  ${paint(style, by.padEnd(byWidth))}  ${paint('dim', meaning)}`;
    }),
    '',
    paint('bold', 'where it came from'),
    ...rows(from, 2),
  ];
}

function rows(pairs: readonly (readonly [name: string, text: string | null])[], indent: number): readonly string[] {
  const shown = pairs.filter(([, text]) => text !== null && text !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, text]) => `${' '.repeat(indent)}${name.padEnd(width)}  ${text}`);
}
