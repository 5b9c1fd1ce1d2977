declare const brand: unique symbol;

/** A type that only its parser can make: `Brand<number, 'Height'>` is a number, but a number is no height. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
