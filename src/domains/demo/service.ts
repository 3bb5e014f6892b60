import { createDemo, smallMessageCount } from './demo.ts';
import type { DemoConversation, DemoSize } from './model.ts';
import type { DemoQueries, Written } from './queries.ts';

/** The options of seeding. */
export interface SeedOptions {
  readonly size: DemoSize;
  /**
   * Called after every transaction with the number of messages that are stored, old and new, and their total.
   */
  readonly onProgress?: (done: number, total: number) => void;
}

// The small demo fits exactly into one batch, so that it is inserted as a whole or not at all.
const batchMessagesMax = smallMessageCount;
// With one writer PostgreSQL waits for Node; more than two make no difference on a small machine.
const writersMax = 2;

/** Creates the service that inserts the demo data. Every user's password is `parley-demo`. */
export function createDemoService({ queries }: { readonly queries: DemoQueries }) {
  /**
   * Inserts the demo data; existing rows are neither duplicated nor changed.
   * @throws Refusal with CONFLICT if a slug or an email address of the demo is used by other data
   */
  async function seed({ size, onProgress }: SeedOptions): Promise<Written> {
    const { foundation, messageCount, conversations } = createDemo(size);
    const batches = batchesOf(conversations);
    let added: Written = { conversations: 0, messages: 0 };
    let done = 0;

    const write = async (batch: Batch, isFirst: boolean) => {
      const written = await queries.write(isFirst ? foundation : null, batch);
      added = sumOf(added, written);
      done += messagesIn(batch);
      onProgress?.(done, messageCount);
    };
    const writeRest = async () => {
      for (const batch of batches) await write(batch, false);
    };

    await write(batches.next().value ?? [], true);
    await Promise.all(Array.from({ length: writersMax }, writeRest));
    if (added.conversations > 0) await queries.analyze();
    return added;
  }

  return {
    seed,

    /** Inserts the small demo if no user can sign in yet; else returns null. */
    async seedIfUninhabited(): Promise<Written | null> {
      return (await queries.isUninhabited()) ? seed({ size: 'small' }) : null;
    },
  };
}

type Batch = readonly DemoConversation[];

function* batchesOf(conversations: Iterable<DemoConversation>): Generator<Batch, undefined> {
  let batch: DemoConversation[] = [];
  for (const conversation of conversations) {
    batch.push(conversation);
    if (messagesIn(batch) < batchMessagesMax) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function messagesIn(conversations: Batch): number {
  return conversations.reduce((total, { messages }) => total + messages.length, 0);
}

function sumOf(one: Written, other: Written): Written {
  return {
    conversations: one.conversations + other.conversations,
    messages: one.messages + other.messages,
  };
}
