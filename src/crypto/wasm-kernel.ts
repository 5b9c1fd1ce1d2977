/** What every kernel exports. */
export interface WasmKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
}

/**
 * What every STARK-field kernel exports. Canonical felts lie in three buffers of its memory; `left` and `right` adjoin
 * and hold `capacity` felts each, so together they take one list of twice that. Inputs are not checked.
 */
export interface StarkFieldKernel extends WasmKernel {
  readonly capacity: WasmGlobal;
  readonly left: WasmGlobal;
  readonly right: WasmGlobal;
  readonly out: WasmGlobal;
  /** Hashes `count` pairs from `left` and `right` to `out`. */
  readonly poseidon: (count: number) => void;
}

/** Variant A, `wasm-9x29`: one element at a time, complete for all inputs, one sponge. */
export interface ScalarKernel extends StarkFieldKernel {
  readonly pedersen: (count: number) => void;
  readonly spongeStart: () => void;
  /** Absorbs the first 2·`pairs` felts from `left` on. */
  readonly spongeAbsorb: (pairs: number) => void;
  /** Absorbs the felt of index `last` from `left` on, if not negative, and the padding; writes felt `slot` of `out`. */
  readonly spongeFinish: (last: number, slot: number) => void;
}

/**
 * Variant B, `wasm-5x51`: two elements at a time in vector lanes, four sponges. Its counts are rounded up to what
 * the lanes hold; what is hashed beyond them means nothing.
 */
export interface LaneKernel extends StarkFieldKernel {
  /** 1 if the multiply-add rounds once, without which all results would be wrong. */
  readonly isFused: () => number;
  /** Builds the Pedersen tables; to be called once, before `pedersen`. */
  readonly setUp: () => void;
  /** 1, or 0 where sums degenerate and another kernel must hash this batch. */
  readonly pedersen: (count: number) => number;
  /** Clears one of the sponges 0 to 3. */
  readonly spongeStart: (chain: number) => void;
  /** Absorbs `steps` pairs of felts into all four, each from its quarter of the input buffers; element 0s to `out`. */
  readonly spongeAbsorb: (steps: number) => void;
}

export interface WasmGlobal {
  readonly value: number;
}

/** Immutable code, so one copy serves every instance of a thread. */
export interface WasmModule {
  readonly [moduleKind]: true;
}

declare const moduleKind: unique symbol;

/** Compiles a kernel, or says null where the engine has no WebAssembly or lacks an instruction the kernel needs. */
export function compileKernel(base64: string): WasmModule | null {
  if (typeof WebAssembly === 'undefined') return null;
  const bytes = Buffer.from(base64, 'base64');
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

/** A new instance with its own memory, which nothing else can reach. `Kernel` is what the module exports. */
export function instantiateKernel<Kernel extends WasmKernel>(module: WasmModule): Kernel {
  // The modules are ours, and each interface for one follows the kernel's own list of exports.
  return new WebAssembly.Instance(module, {}).exports as unknown as Kernel;
}

/** The part of the engine's API used here; the compiler's library describes it for browsers only. */
declare const WebAssembly: {
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
};
