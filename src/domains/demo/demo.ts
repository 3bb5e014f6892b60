import { createLargeCommunities, createSmallCommunities, type Community } from './communities.ts';
import { createConversation, type ConversationPlan } from './conversation.ts';
import { readScript } from './dialogue.ts';
import { createExercises, submissions } from './exercises.ts';
import {
  dayMs,
  demoDays,
  demoNow,
  type DemoAssignment,
  type DemoConversation,
  type DemoExercise,
  type DemoFoundation,
  type DemoMembership,
  type DemoSize,
} from './model.ts';
import { demoId, itemAt, randomOf, type Random } from './random.ts';
import { cultureTopics } from './topics/culture.ts';
import { journeyTopics } from './topics/journeys.ts';
import { officeTopics } from './topics/office.ts';
import { workshopTopics } from './topics/workshop.ts';

/** All demo data of a size. */
export interface Demo {
  readonly foundation: DemoFoundation;
  readonly messageCount: number;
  /** The conversations, generated one by one during iteration. */
  readonly conversations: Iterable<DemoConversation>;
}

/** The number of messages in the small demo. */
export const smallMessageCount = 8000;

const smallConversationCount = 400;
const largeConversationCount = 40_000;
const largeMessageCount = 1_000_000;
const longestConversation = 10_000;
const assignmentsPerMember = 5;

/** Creates the demo data, with the same IDs, times and texts in every run. */
export function createDemo(size: DemoSize): Demo {
  const small = createSmallCommunities();
  const communities = size === 'small' ? small : createLargeCommunities();
  const plans = size === 'small' ? smallPlans(small) : [...smallPlans(small), ...largePlans(communities)];
  return {
    foundation: createFoundation(communities),
    messageCount: size === 'small' ? smallMessageCount : largeMessageCount,
    conversations: conversationsOf(plans),
  };
}

function smallPlans(communities: readonly Community[]): ConversationPlan[] {
  const sizes = sizesOf(randomOf('small sizes'), smallConversationCount, smallMessageCount);
  return sizes.map((size, index) => planAt('small', communities, sizes, index, size));
}

/** Plans the conversations that only the large demo has; the longest belongs to Acme. */
function largePlans(communities: readonly Community[]): ConversationPlan[] {
  const sizes = sizesOf(
    randomOf('large sizes'),
    largeConversationCount - smallConversationCount - 1,
    largeMessageCount - smallMessageCount - longestConversation,
  );
  const longest = {
    name: 'longest conversation',
    community: itemAt(communities, 0),
    startsAt: demoNow - (demoDays / 2) * dayMs,
    size: longestConversation,
  };
  return [longest, ...sizes.map((size, index) => planAt('large', communities, sizes, index, size))];
}

function planAt(
  name: string,
  communities: readonly Community[],
  sizes: readonly number[],
  index: number,
  size: number,
): ConversationPlan {
  // Evenly over the days, so that later conversations are stored behind earlier ones, and none runs into the
  // future.
  const startsAt = demoNow - demoDays * dayMs + Math.floor(((demoDays - 1) * dayMs * index) / sizes.length);
  return {
    name: `${name} conversation ${index}`,
    community: itemAt(communities, index % communities.length),
    startsAt,
    size,
  };
}

/** `count` sizes of two and more that add up to `total`: many short ones and a few long ones. */
function sizesOf(random: Random, count: number, total: number): number[] {
  const smallest = 2;
  const weights = Array.from({ length: count }, () => 0.2 + 3 * random.fraction() * random.fraction());
  const share = (total - smallest * count) / weights.reduce((one, other) => one + other, 0);
  const sizes = weights.map((weight) => smallest + Math.floor(weight * share));
  const missing = total - sizes.reduce((one, other) => one + other, 0);
  return sizes.map((size, index) => (index < missing ? size + 1 : size));
}

function* conversationsOf(plans: readonly ConversationPlan[]): Generator<DemoConversation> {
  const scripts = [...workshopTopics, ...journeyTopics, ...officeTopics, ...cultureTopics].map(readScript);
  for (const plan of plans) yield createConversation(plan, scripts);
}

function createFoundation(communities: readonly Community[]): DemoFoundation {
  const exercises = createExercises();
  const everybody = communities.flatMap(({ members }) => members.map(({ person }) => person));
  return {
    tenants: communities.map(({ tenant }) => tenant),
    people: [...new Map(everybody.map((person) => [person.id, person])).values()],
    memberships: communities.flatMap(createMemberships),
    exercises,
    assignments: communities.flatMap((community) => createAssignments(community, exercises)),
  };
}

function createMemberships({ tenant, members }: Community): DemoMembership[] {
  return members.map(({ person, role }, place) => ({
    tenantId: tenant.id,
    userId: person.id,
    role,
    joinedAt: new Date(person.createdAt.getTime() + place * 1000),
  }));
}

function createAssignments(
  { tenant, members }: Community,
  exercises: readonly DemoExercise[],
): DemoAssignment[] {
  return members.flatMap(({ person }) => {
    const random = randomOf(`assignments ${tenant.slug} ${person.email}`);
    return random
      .shuffled(exercises)
      .slice(0, assignmentsPerMember)
      .map((exercise, index) => createAssignment(random, tenant.id, person.id, exercise, index));
  });
}

function createAssignment(
  random: Random,
  tenantId: string,
  userId: string,
  exercise: DemoExercise,
  index: number,
): DemoAssignment {
  const assignedAt = demoNow - (40 - 7 * index) * dayMs + random.between(0, 3600) * 1000;
  const status = random.pick([
    'COMPLETED',
    'COMPLETED',
    'COMPLETED',
    'ASSIGNED',
    'ASSIGNED',
    'SKIPPED',
  ] as const);
  const isCompleted = status === 'COMPLETED';
  return {
    tenantId,
    id: demoId(`assignment ${tenantId} ${userId} ${index}`, assignedAt),
    userId,
    exerciseId: exercise.id,
    status,
    submission: isCompleted ? random.pick(submissions) : null,
    score: isCompleted ? random.between(8, 20) * 5 : null,
    assignedAt: new Date(assignedAt),
    finishedAt: status === 'ASSIGNED' ? null : new Date(assignedAt + random.between(1, 48) * 1_800_000),
  };
}
