/**
 * @module Numbers of many rounds become one. Knows how to keep noise out: values are compared within
 * a round, where the machine was the same for both, and the median is taken over the rounds.
 */

/** What one turn of a variant gave, or the medians of its turns. What a load has not is left out. */
export interface Sample {
  /** Events or connections per second. */
  readonly rate?: number;
  /** Microseconds of the server's CPU per event or connection. */
  readonly cpu?: number;
  /** The share of one core that the server used. */
  readonly busy?: number;
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
  readonly medians: Sample;
  /** The variant's value divided by bare's of the same round: the median of the rounds. */
  readonly overBare: Sample;
  /**
   * Bare's cost divided by the variant's: what share of a bare socket's events per CPU second the
   * variant does. Higher is better. Likewise for connections, and for heap.
   */
  readonly ratio: number;
  /** The ratio of each round, which tells the noise. */
  readonly ratios: readonly number[];
}

const metrics = ['rate', 'cpu', 'busy', 'p50', 'p99', 'reads', 'records', 'heap'] as const;

/**
 * Sums up a variant's rounds.
 *
 * @param bare the samples of the bare socket, of the same rounds
 */
export function summarise(samples: readonly Sample[], bare: readonly Sample[]): Summary {
  const relative = samples.map((sample, round) => divide(sample, bare[round] ?? {}));
  const ratios = relative.map(({ cpu, heap }) => 1 / (cpu ?? heap ?? Number.NaN));
  return {
    medians: medianOf(samples),
    overBare: medianOf(relative),
    ratio: median(ratios),
    ratios,
  };
}

/** The middle value: half are lower, half are higher. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The value below which such a share of the sorted values is. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

function medianOf(samples: readonly Sample[]): Sample {
  return mapMetrics((metric) => {
    const values = samples.flatMap((sample) => sample[metric] ?? []);
    return values.length > 0 ? median(values) : undefined;
  });
}

function divide(sample: Sample, bare: Sample): Sample {
  return mapMetrics((metric) => {
    const [value, base] = [sample[metric], bare[metric]];
    // Of reads, a bare socket has none.
    return value === undefined || !base ? undefined : value / base;
  });
}

function mapMetrics(value: (metric: Metric) => number | undefined): Sample {
  const entries = metrics.map((metric) => [metric, value(metric)] as const);
  return Object.fromEntries(entries.filter(([, number]) => number !== undefined));
}
