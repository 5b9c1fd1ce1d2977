import { describe, expect, it } from 'vitest';
import { createGroupCommit } from './group-commit.ts';

/** Commits that end when told, in order. */
function slowCommit() {
  const groups: (readonly string[])[] = [];
  const ends: ((failure?: Error) => void)[] = [];
  const add = createGroupCommit<string>((items) => {
    groups.push(items);
    return new Promise((resolve, reject) => ends.push((failure) => (failure ? reject(failure) : resolve())));
  });
  return { add, groups, end: (failure?: Error) => ends.shift()?.(failure) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a group commit', () => {
  it('commits a lone item at once', async () => {
    const { add, groups, end } = slowCommit();
    const done = add('a');
    expect(groups).toEqual([['a']]);
    end();
    await done;
  });

  it('commits together, in order, what came during a commit', async () => {
    const { add, groups, end } = slowCommit();
    const all = ['a', 'b', 'c'].map(add);
    expect(groups).toEqual([['a']]);
    end();
    await all[0];
    await settled();
    expect(groups).toEqual([['a'], ['b', 'c']]);
    end();
    await Promise.all(all);
    const next = add('d');
    expect(groups).toEqual([['a'], ['b', 'c'], ['d']]);
    end();
    await next;
  });

  it('tells a failure to those whose items were in it, and goes on', async () => {
    const { add, groups, end } = slowCommit();
    const outcomes = Promise.allSettled(['a', 'b', 'c'].map(add));
    end();
    await settled();
    const last = add('d');
    end(new Error('disk full'));
    await settled();
    expect(groups).toEqual([['a'], ['b', 'c'], ['d']]);
    end();
    await last;
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });
});
