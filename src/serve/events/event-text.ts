import type { BlockRef, ChainEvent, Hash32, TipNames, Tips } from '../../engine/index.ts';
import { formatCursor } from './cursor.ts';

/** How a chain's events are written. */
export interface EventFormat {
  readonly tips: TipNames;
  /** A hash as the chain's users write it. */
  formatHash(hash: Hash32): string;
}

/**
 * An event in the event stream format (HTML standard, section 9.2). Its id is the cursor behind it, so that a browser
 * that connects again goes on from there by itself.
 */
export function eventText(event: ChainEvent, format: EventFormat): string {
  const id = formatCursor(event.tips[format.tips.confirmed] ?? null);
  return `id: ${id}\ndata: ${JSON.stringify(plainEvent(event, format))}\n\n`;
}

function plainEvent(event: ChainEvent, format: EventFormat): object {
  const { type } = event;
  const tips = plainTips(event.tips, format);
  const plain = ({ height, hash }: BlockRef) => ({ height, hash: format.formatHash(hash) });
  switch (type) {
    case 'extend':
      return { type, blocks: event.blocks.map(plain), tips };
    case 'unwind': {
      const { from, to, reason } = event;
      return { type, from: plain(from), to: to === null ? null : plain(to), reason, tips };
    }
    case 'advance':
      return { type, tips };
  }
}

function plainTips(tips: Tips, { formatHash }: EventFormat): object {
  const entries = Object.entries(tips).map(([name, tip]) => {
    if (tip === null) return [name, null];
    return [name, { height: tip.height, hash: tip.hash === null ? null : formatHash(tip.hash) }];
  });
  return Object.fromEntries(entries);
}
