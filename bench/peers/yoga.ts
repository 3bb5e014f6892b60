// GraphQL Yoga with Pothos and its Prisma plugin, which turns the selection of a query into one nested Prisma
// call. Relations use lateral joins (relationLoadStrategy), the faster of Prisma's two strategies. Yoga's
// caches of parsed and validated documents are on, which is the default.
// Omitted: authentication, access rules, limits, cursors and pages (except the keyset of W3), metrics, logs.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import SchemaBuilder from '@pothos/core';
import PrismaPlugin from '@pothos/plugin-prisma';
import { createYoga } from 'graphql-yoga';
import type PrismaTypes from './generated/pothos.ts';
import { getDatamodel } from './generated/pothos.ts';
import { appendMessage, createPrisma } from './prisma-client.ts';
import { displayNameOf } from './rows.ts';
import { readPeerConfig } from './peer-config.ts';

const config = readPeerConfig();
const { tenantId, port } = config;
const prisma = createPrisma(config);

const builder = new SchemaBuilder<{
  PrismaTypes: PrismaTypes;
  Scalars: { JSON: { Input: unknown; Output: unknown }; DateTime: { Input: Date; Output: Date } };
}>({ plugins: [PrismaPlugin], prisma: { client: prisma, dmmf: getDatamodel() } });
builder.scalarType('JSON', { serialize: (value) => value });
builder.scalarType('DateTime', {
  serialize: (value) => (value instanceof Date ? value.toISOString() : String(value)),
});

const User = builder.prismaObject('User', {
  fields: (t) => ({
    id: t.exposeID('id'),
    displayName: t.string({ select: { firstName: true, lastName: true }, resolve: displayNameOf }),
    firstName: t.exposeString('firstName', { nullable: true }),
    lastName: t.exposeString('lastName', { nullable: true }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    profile: t.expose('profile', { type: 'JSON' }),
  }),
});
const Message = builder.prismaObject('Message', {
  fields: (t) => ({
    id: t.exposeID('id'),
    content: t.exposeString('content'),
    role: t.exposeString('role'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    author: t.relation('author', { nullable: true }),
  }),
});
const Conversation = builder.prismaObject('Conversation', {
  fields: (t) => ({
    id: t.exposeID('id'),
    title: t.exposeString('title'),
    messageCount: t.exposeInt('messageCount'),
    lastMessage: t.field({
      type: Message,
      nullable: true,
      select: (_args, _context, nestedSelection) => ({
        messages: nestedSelection({ take: 1, orderBy: { position: 'desc' } }),
      }),
      resolve: ({ messages }) => messages[0] ?? null,
    }),
    messages: t.field({
      type: [Message],
      args: { last: t.arg.int({ required: true }) },
      select: ({ last }, _context, nestedSelection) => ({
        messages: nestedSelection({ take: last, orderBy: { position: 'desc' } }),
      }),
      resolve: ({ messages }) => messages.toReversed(),
    }),
    messagesAfter: t.relation('messages', {
      args: { first: t.arg.int({ required: true }), after: t.arg.int({ required: true }) },
      query: ({ first, after }) => ({
        where: { position: { gt: after } },
        orderBy: { position: 'asc' },
        take: first,
      }),
    }),
  }),
});
const Model = builder.prismaObject('Model', {
  fields: (t) => ({
    id: t.exposeID('slug'),
    name: t.exposeString('name'),
    provider: t.exposeString('provider'),
    contextWindow: t.exposeInt('contextWindow'),
    maxOutputTokens: t.exposeInt('maxOutputTokens', { nullable: true }),
    isEnabled: t.exposeBoolean('isEnabled'),
    isMock: t.exposeBoolean('isMock'),
    inputPricePerMillion: t.exposeFloat('inputPricePerMillion', { nullable: true }),
    outputPricePerMillion: t.exposeFloat('outputPricePerMillion', { nullable: true }),
  }),
});
const Settings = builder.prismaObject('AppSettings', {
  fields: (t) => ({
    anonymousMockMode: t.exposeBoolean('anonymousMockMode'),
    maxMessageLength: t.exposeInt('maxMessageLength'),
    signUpEnabled: t.exposeBoolean('signUpEnabled'),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    defaultModel: t.relation('defaultModel', { nullable: true }),
  }),
});

builder.queryType({
  fields: (t) => ({
    conversations: t.prismaField({
      type: [Conversation],
      args: { first: t.arg.int({ required: true }) },
      resolve: (query, _root, { first }) =>
        prisma.conversation.findMany({
          ...query,
          relationLoadStrategy: 'join',
          where: { tenantId },
          orderBy: [{ updatedAt: 'desc' }, { id: 'desc' }],
          take: first,
        }),
    }),
    conversation: t.prismaField({
      type: Conversation,
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (query, _root, { id }) =>
        prisma.conversation.findUnique({
          ...query,
          relationLoadStrategy: 'join',
          where: { tenantId_id: { tenantId, id: String(id) } },
        }),
    }),
    user: t.prismaField({
      type: User,
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (query, _root, { id }) => prisma.user.findUnique({ ...query, where: { id: String(id) } }),
    }),
    settings: t.prismaField({
      type: Settings,
      resolve: (query) =>
        prisma.appSettings.findUniqueOrThrow({ ...query, relationLoadStrategy: 'join', where: { id: 1 } }),
    }),
    models: t.prismaField({
      type: [Model],
      resolve: (query) =>
        prisma.model.findMany({
          ...query,
          where: { isEnabled: true },
          orderBy: [{ name: 'asc' }, { slug: 'asc' }],
        }),
    }),
  }),
});
builder.mutationType({
  fields: (t) => ({
    sendMessage: t.prismaField({
      type: Message,
      args: { conversationId: t.arg.id({ required: true }), content: t.arg.string({ required: true }) },
      resolve: async (query, _root, { conversationId, content }) => {
        const message = { id: randomUUID(), conversationId: String(conversationId), content };
        await appendMessage(prisma, config, message);
        return prisma.message.findUniqueOrThrow({
          ...query,
          relationLoadStrategy: 'join',
          where: { tenantId_id: { tenantId: config.writing.tenantId, id: message.id } },
        });
      },
    }),
  }),
});

const yoga = createYoga({
  schema: builder.toSchema(),
  graphiql: false,
  landingPage: false,
  logging: 'error',
});
createServer(yoga).listen(port, '127.0.0.1', () => console.log('listening'));
