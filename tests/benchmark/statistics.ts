/**
 * @module Numbers of many rounds become one. Rounds in which a server had too little to do are left
 * out: what an idle process costs is not what an event costs.
 */

/** What one turn of a variant gave, or the medians of its turns. What a load has not is left out. */
export interface Sample {
  /** Events or connections per second in which the server had a core, or had nothing to do. */
  readonly rate?: number;
  /** Microseconds of CPU time of the server's process per event or connection. */
  readonly cpu?: number;
  /** Microseconds in which the server's event loop ran, per event or connection. */
  readonly active?: number;
  /** The share of the time in which the server waited for a core, since others had them. */
  readonly queued?: number;
  /** The share of the time in which the server's event loop was not waiting. */
  readonly busy?: number;
  /** The share of the time in which the clients' event loop was not waiting. */
  readonly clientsBusy?: number;
  /** Milliseconds from an event to its acknowledgement. */
  readonly p50?: number;
  /** Milliseconds from an event to its acknowledgement, of the slowest in a hundred. */
  readonly p99?: number;
  /** Calls of the store per event or connection. */
  readonly reads?: number;
  /** Records read per event or connection: more than `reads` where one call reads many. */
  readonly records?: number;
  /** Bytes of heap per connection. */
  readonly heap?: number;
}

/** A metric. */
export type Metric = keyof Sample;

/** All rounds of one variant. */
export interface Summary {
  /** Over the rounds in which the server was busy, or over all where it was in less than half. */
  readonly medians: Sample;
  /** Why the medians are not to be used, if so: the server was idle in most rounds. */
  readonly isRefused: boolean;
  /** How many rounds were left out. */
  readonly idleRounds: number;
  /** The CPU time, or the heap, of each round that counts, which shows the noise. */
  readonly costs: readonly number[];
}

/** A server that was busy for less of the time than this was not measured. */
export const leastBusy = 0.9;

const metrics = [
  'rate',
  'cpu',
  'active',
  'queued',
  'busy',
  'clientsBusy',
  'p50',
  'p99',
  'reads',
  'records',
  'heap',
] as const satisfies readonly Metric[];

/**
 * Sums up a variant's rounds.
 *
 * @param mayIdle whether idle rounds count: without the network, CPU time is that of events alone
 */
export function summarise(samples: readonly Sample[], mayIdle: boolean): Summary {
  const busy = samples.filter((sample) => mayIdle || (sample.busy ?? 1) >= leastBusy);
  const isRefused = busy.length * 2 < samples.length;
  const counted = isRefused ? samples : busy;
  return {
    medians: medianOf(counted),
    isRefused,
    idleRounds: samples.length - busy.length,
    costs: counted.flatMap(({ cpu, heap }) => cpu ?? heap ?? []),
  };
}

/** The middle value: half are lower, half are higher. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

function medianOf(samples: readonly Sample[]): Sample {
  const entries = metrics.map((metric) => {
    const values = samples.flatMap((sample) => sample[metric] ?? []);
    return [metric, values.length > 0 ? median(values) : undefined] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
