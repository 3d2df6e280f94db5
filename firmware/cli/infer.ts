// What a syntax line says about its arguments, at compile time: the types that command handlers and the config writer see.
// The same lines are read at run time by syntax.ts; both follow the rules at the head of that file.

import type { ValueTypes } from './values.ts';

/** The value of a type named in a syntax line. An unknown name is a compile error where the value is used. */
type Named<N extends string> = N extends `${infer Base}(${string})` ? Named<Base> : N extends keyof ValueTypes ? Parsed<ValueTypes[N]> : { readonly unknownValueType: N };
type Parsed<T> = T extends { parse(text: string): infer V } ? Exclude<V, undefined> : never;

/** One member of a set, or a lone value: `8..300`, `ON`, `ipadd`. */
type Atom<N extends string> = N extends `${string}(${string}` ? Named<N> : N extends `${string}..${string}` ? number : N extends Uppercase<N> ? N : Named<N>;

type Members<S extends string, U = never> = S extends `${infer A}|${infer B}` ? Members<B, U | A> : U | S;
type Keywords<M> = M extends `${string}(${string}` | `${string}..${string}` ? never : M extends string ? (M extends Uppercase<M> ? M : never) : never;
/** Keywords arrive as their literals; a free value beside keywords is wrapped, so that a password "none" is not the keyword NONE. */
type Choice<M extends string, K extends string = Keywords<M>> = [K] extends [never] ? Atom<M> : K | (Exclude<M, K> extends never ? never : { readonly value: Atom<Exclude<M, K>> });

/** The name before any bracket or brace that closes an enclosing group. */
type Cut<T extends string> = T extends `${infer A}]${string}` ? Cut<A> : T extends `${infer A}}${string}` ? A : T;

type ValueOf<V extends string> = V extends `{${infer S}}[,...]${string}`
  ? readonly Choice<Members<S>>[]
  : V extends `{${infer S}}${string}`
    ? Choice<Members<S>>
    : V extends `${infer N}[,...]${string}`
      ? readonly Atom<N>[]
      : V extends `${infer N}[-${string}`
        ? Atom<`${N}[-${N}]`>
        : Atom<Cut<V>>;

/** [key, must be given, what follows: 'flag', '?value' for [=value], or the value]. */
type Param = readonly [key: string, need: 'must' | 'may', raw: string];

type Plain<T extends string, N extends 'must' | 'may'> = T extends `${infer K}[=${infer V}`
  ? [Lowercase<K>, N, `?${V}`]
  : T extends `${infer K}=${infer V}`
    ? [Lowercase<K>, N, V]
    : N extends 'may'
      ? [Lowercase<Cut<T>>, N, 'flag']
      : never;

/** The members of `{A=x|B[=y]|C}`: each may be absent as far as types go. `Open` gathers a member whose braces hold further bars. */
type Group<G extends string, Open extends string = '', U = never> = G extends `${infer A}|${infer B}`
  ? `${Open}${A}` extends `${string}{${string}}${string}`
    ? Group<B, '', U | Plain<`${Open}${A}`, 'may'>>
    : `${Open}${A}` extends `${string}{${string}`
      ? Group<B, `${Open}${A}|`, U>
      : Group<B, '', U | Plain<`${Open}${A}`, 'may'>>
  : U | Plain<`${Open}${G}`, 'may'>;

type Token<T extends string> = T extends ''
  ? never
  : T extends `[[${infer K}=]${infer V}`
    ? [Lowercase<K>, 'may', V]
    : T extends `[{${infer G}`
      ? Group<G>
      : T extends `{${infer G}`
        ? Group<G>
        : T extends `[${infer K}=]${infer V}`
          ? [Lowercase<K>, 'must', V]
          : T extends `[${infer R}`
            ? Plain<R, 'may'>
            : Plain<T, 'must'>;

type Words<S extends string, U = never> = S extends `${infer A} ${infer B}` ? Words<B, U | Token<A>> : U | Token<S>;
type Lines<S extends string, U = never> = S extends `${infer A}\n${infer B}` ? Lines<B, U | Words<A>> : U | Words<S>;
type Params<S extends string> = Lines<S>;

type Taken<R> = R extends 'flag' ? true : R extends `?${infer V}` ? true | ValueOf<V> : R extends string ? ValueOf<R> : never;
type Must<P> = P extends readonly [infer K, 'must', string] ? K : never;
type ByKey<P, K> = P extends readonly [K, string, infer R] ? R : never;
type Keys<P> = P extends Param ? P[0] : never;

type Flat<T> = { [K in keyof T]: T[K] };

/** What a handler gets: parameters that are required or have a default are always there, all others may be undefined. */
export type ArgsOf<S extends string, D = unknown> = string extends S
  ? { readonly syntaxMustBeOneLiteral: never }
  : Build<Params<S>, Must<Params<S>> | keyof D>;
type Build<P, There> = Flat<
  { readonly [K in Keys<P> as K extends There ? K : never]: Taken<ByKey<P, K>> } & { readonly [K in Keys<P> as K extends There ? never : K]?: Taken<ByKey<P, K>> | undefined }
>;

/** What the config writer takes: required parameters must be given, those with a default may be left out. */
export type WriteArgs<S extends string> = ArgsOf<S>;

/** Values of parameters that apply when they are not given. */
export type DefaultsOf<S extends string> = { readonly [K in Keys<Params<S>>]?: Taken<ByKey<Params<S>, K>> };
