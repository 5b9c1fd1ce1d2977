/** Something of which there is only so much. */
export interface Quota {
  /** @returns Whether there was as much left; otherwise nothing was taken. */
  take(amount: number): boolean;
  /** Takes what can no longer be refused, more than there is if need be. */
  force(amount: number): void;
  give(amount: number): void;
  readonly isSpent: boolean;
  readonly taken: number;
}

export function createQuota(max: number): Quota {
  let taken = 0;
  return {
    take(amount) {
      if (taken + amount > max) return false;
      taken += amount;
      return true;
    },
    force(amount) {
      taken += amount;
    },
    give(amount) {
      taken -= amount;
    },
    get isSpent() {
      return taken >= max;
    },
    get taken() {
      return taken;
    },
  };
}
