import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from './logger.ts';

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

const exportIntervalMs = 2000;
const batchSizeMax = 512;
/** While the collector is away, newer spans are dropped to bound memory. */
const queueSizeMax = 4096;

/**
 * A bounded queue of finished spans that are exported in batches. An outage of the collector is logged when
 * it begins, and when it ends with the number of lost spans, which the SDK's own queue does not report.
 */
export class SpanQueue implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  readonly #logger: Logger;
  #queued = 0;
  #lost = 0;
  #isFailing = false;

  constructor(exporter: SpanExporter, { logger, timeoutMs }: { logger: Logger; timeoutMs: number }) {
    this.#logger = logger;
    const countingExporter: SpanExporter = {
      export: (spans, onExported) =>
        exporter.export(spans, (result) => {
          this.#waitForInvalidation(spans.length, result);
          onExported(result);
        }),
      shutdown: () => exporter.shutdown(),
    };
    this.#batches = new BatchSpanProcessor(countingExporter, {
      scheduledDelayMillis: exportIntervalMs,
      // The exporter has a timeout of its own, after which it reports the failure.
      exportTimeoutMillis: 2 * timeoutMs,
      maxExportBatchSize: batchSizeMax,
      maxQueueSize: queueSizeMax,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#queued >= queueSizeMax) {
      this.#lost += 1;
      return;
    }
    this.#queued += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #waitForInvalidation(count: number, { code, error }: ExportResult): void {
    // SUCCESS; the enum is exported by a package that Parley does not depend on itself.
    const isExported = code === 0;
    this.#queued -= count;
    if (!isExported) {
      this.#lost += count;
      if (!this.#isFailing) this.#logger.warn({ err: error }, 'span export failed: spans are lost');
    } else if (this.#lost > 0) {
      this.#logger.info({ lost: this.#lost }, 'spans are exported again');
      this.#lost = 0;
    }
    this.#isFailing = !isExported;
  }
}
