/**
 * @module The types of the methods that add listeners, which may take fewer parameters than there are.
 */

import type { AnyListener } from './event-maps.js';

/** The names of events, `symbol`s included, numbers not. */
export type EventName<Own, User> = (keyof Own | keyof User) & (string | symbol);

/** The arguments of an event; the emitter's own events take precedence over the user's. */
type EventArguments<Own, User, Event> = Event extends keyof Own
  ? Extract<Own[Event], readonly unknown[]>
  : Event extends keyof User
    ? Extract<User[Event], readonly unknown[]>
    : never;

/** `true` where one of `AllArgs` has all the positions `Index`. */
type Reaches<AllArgs, Index> = AllArgs extends unknown
  ? [Index] extends [keyof AllArgs]
    ? true
    : never
  : never;

/** Each of `Args` cut to the length of `Parameters`, or as it is where all of them are shorter. */
type Cut<
  Args extends readonly unknown[],
  Parameters extends readonly unknown[],
  AllArgs = Args,
> = Args extends unknown
  ? number extends Args['length']
    ? {
        [Index in keyof Parameters]: Index extends `${infer Position extends number}`
          ? Args[Position]
          : never;
      }
    : true extends Reaches<AllArgs, keyof Parameters>
      ? { [Index in keyof Parameters]: Index extends keyof Args ? Args[Index] : undefined }
      : Args
  : never;

/**
 * A function of `Args`, cut to as many as `Listener` has parameters. TypeScript infers `Listener` from
 * the branch that is never taken.
 */
export type Fitting<Listener extends AnyListener, Args extends readonly unknown[], Result> = [
  Listener,
] extends [never]
  ? Listener
  : (...args: Cut<Args, Parameters<Listener>>) => Result;

/**
 * Adds a listener to an event, and returns the emitter.
 *
 * The overloads are one signature. The first gives a listener's parameters their types, `err` and
 * `session` as a pair; the second takes the listener of fewer parameters, which TypeScript does not
 * let pass where the arguments are a union of lists.
 */
export interface AddListener<Own, User, Emitter> {
  <Event extends EventName<Own, User>>(
    event: Event,
    listener: (...args: EventArguments<Own, User, Event>) => void,
  ): Emitter;
  <Event extends EventName<Own, User>, Listener extends AnyListener>(
    event: Event,
    listener: Fitting<Listener, EventArguments<Own, User, Event>, void>,
  ): Emitter;
}
