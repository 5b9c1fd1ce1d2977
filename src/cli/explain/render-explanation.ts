import { formatCount } from '../format.ts';
import type { Paint, Style } from '../terminal.ts';
import type { ExplainedBlock, ExplainedContent, Explanation } from './explain.ts';

/** An explanation for people. */
export function renderExplanation(explanation: Explanation, paint: Paint): readonly string[] {
  const { network, query, block, orphan, content, rejections, quarantined } = explanation;
  const lines: string[] = [];
  if (block !== null) lines.push(...renderBlock(network, block, paint));
  else if (orphan !== null) {
    lines.push(
      `${paint('bold', `${network} block ${formatCount(orphan.height)}`)} was confirmed once and rolled back since`,
      `  hash    ${orphan.hash}`,
      `  reason  ${orphan.reason}`,
    );
  } else if (content !== null) lines.push(...renderContent(network, content, paint));
  else lines.push(`${paint('bold', `${network}: ${query}`)} is not stored, but known`);
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
  for (const { what, id, height, timeMs, reason, refused } of quarantined) {
    lines.push(`  ${paint('bad', what)} named by block ${formatCount(height)}, ${new Date(timeMs).toISOString()}`);
    lines.push(
      ...rows(
        [
          ['id', id],
          ['why', reason],
          ['check', refused?.check ?? null],
          ['expected', refused?.expected ?? null],
          ['got', refused?.got ?? null],
          ['from', refused?.source ?? null],
          ['evidence', refused?.evidence ?? null],
        ],
        4,
      ),
    );
  }
  return lines;
}

function renderContent(network: string, { hash, stored, wanted }: ExplainedContent, paint: Paint): readonly string[] {
  const state = stored === null ? 'is wanted and not stored yet' : 'is stored';
  return [
    `${paint('bold', `${network}: ${hash}`)} ${state}`,
    ...(stored === null
      ? []
      : rows(
          [
            ['what', stored.kind],
            ['named by', `block ${formatCount(stored.height)}`],
            ['size', `${formatCount(stored.bytes)} bytes`],
            ...stored.facts,
          ],
          2,
        )),
    ...rows(
      wanted.map(({ what, id, height }) => ['wanted', `${what} ${id}, named by block ${formatCount(height)}`]),
      2,
    ),
  ];
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
