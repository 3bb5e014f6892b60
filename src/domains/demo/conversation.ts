import type { Community, Member } from './communities.ts';
import { writeDialogue, type Saying, type Script } from './dialogue.ts';
import { defaultModelSlug, languageModels } from './language-models.ts';
import { dayMs, demoNow, type DemoConversation, type DemoMessage } from './model.ts';
import { demoId, itemAt, randomOf, type Random } from './random.ts';
import { drawSlots, fillSlots } from './slots.ts';

/** The parameters of a conversation to generate. */
export interface ConversationPlan {
  /** A unique name, which determines the content. */
  readonly name: string;
  readonly community: Community;
  readonly startsAt: number;
  /** The number of messages. */
  readonly size: number;
}

const answeringModels = languageModels.filter(({ isEnabled }) => isEnabled).map(({ slug }) => slug);

/** Generates the conversation of a plan. */
export function createConversation(plan: ConversationPlan, scripts: readonly Script[]): DemoConversation {
  const random = randomOf(plan.name);
  const people = castPeople(random, plan.community.members);
  const modelSlug = people.length === 1 || random.isLucky(0.65) ? pickModel(random) : null;
  const script = random.pick(scripts);
  const title = fillSlots(random.pick(script.titles), drawSlots(random));
  const messages = createMessages(random, plan, { people, modelSlug, scripts: [script, ...scripts] });
  const lastMessageAt = itemAt(messages, messages.length - 1).createdAt;
  const archivedAt = random.isLucky(0.12) ? archivingTime(lastMessageAt) : null;
  const owner = itemAt(people, 0);
  return {
    tenantId: plan.community.tenant.id,
    id: demoId(plan.name, plan.startsAt),
    ownerId: owner.id,
    participantIds: people.map(({ id }) => id),
    title,
    visibility: random.isLucky(0.45) ? 'TENANT' : 'PRIVATE',
    modelSlug,
    createdAt: new Date(plan.startsAt),
    lastMessageAt,
    updatedAt: archivedAt ?? lastMessageAt,
    archivedAt,
    messages,
  };
}

/** Selects the participants, the owner first: never a guest, and some people far more often than others. */
function castPeople(random: Random, members: readonly Member[]): Member['person'][] {
  const owners = members.filter(({ role }) => role !== 'GUEST');
  const owner = itemAt(owners, Math.floor(random.fraction() * random.fraction() * owners.length)).person;
  const others = random.shuffled(members.filter(({ person }) => person !== owner));
  return [owner, ...others.slice(0, random.pick([0, 0, 1, 1, 2, 3, 4])).map(({ person }) => person)];
}

function pickModel(random: Random): string {
  return random.isLucky(0.3) ? defaultModelSlug : random.pick(answeringModels);
}

function createMessages(
  random: Random,
  { name, startsAt, size }: ConversationPlan,
  cast: {
    readonly people: readonly Member['person'][];
    readonly modelSlug: string | null;
    readonly scripts: readonly Script[];
  },
): DemoMessage[] {
  const { people, modelSlug, scripts } = cast;
  const hasSystem = modelSlug !== null && size > 4 && random.isLucky(0.3);
  const sayings = writeDialogue(
    random,
    scripts,
    { people, hasModel: modelSlug !== null },
    size - Number(hasSystem),
  );
  let time = startsAt;
  const messages = sayings.map((saying, index) => {
    time += random.between(saying.speakerId === null ? 2 : 15, saying.speakerId === null ? 12 : 240) * 1000;
    return createMessage(random, { saying, modelSlug, createdAt: new Date(time), name: `${name} ${index}` });
  });
  return hasSystem ? [createSystemMessage(name, startsAt, itemAt(scripts, 0)), ...messages] : messages;
}

function createMessage(
  random: Random,
  options: {
    readonly saying: Saying;
    readonly modelSlug: string | null;
    readonly createdAt: Date;
    readonly name: string;
  },
): DemoMessage {
  const { saying, createdAt } = options;
  const isAnswer = saying.speakerId === null;
  const isEdited = !isAnswer && random.isLucky(0.02);
  return {
    id: demoId(options.name, createdAt.getTime()),
    authorId: saying.speakerId,
    role: isAnswer ? 'ASSISTANT' : 'USER',
    content: saying.text,
    modelSlug: isAnswer ? options.modelSlug : null,
    tokenCount: isAnswer ? Math.ceil(saying.text.length / 4) : null,
    metadata: isAnswer ? { finishReason: 'stop', latencyMs: random.between(180, 4200) } : {},
    createdAt,
    editedAt: isEdited ? new Date(createdAt.getTime() + 10_000) : null,
  };
}

function createSystemMessage(name: string, startsAt: number, script: Script): DemoMessage {
  return {
    id: demoId(`${name} system`, startsAt),
    authorId: null,
    role: 'SYSTEM',
    content: script.system,
    modelSlug: null,
    tokenCount: null,
    metadata: {},
    createdAt: new Date(startsAt),
    editedAt: null,
  };
}

function archivingTime(lastMessageAt: Date): Date {
  return new Date(Math.min(lastMessageAt.getTime() + 3 * dayMs, demoNow));
}
