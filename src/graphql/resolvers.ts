import * as apiKey from '../domains/api-key/resolvers.ts';
import * as conversation from '../domains/conversation/resolvers.ts';
import * as identity from '../domains/identity/resolvers.ts';
import * as message from '../domains/message/resolvers.ts';
import * as model from '../domains/model/resolvers.ts';
import * as operations from '../domains/operations/resolvers.ts';
import * as participant from '../domains/participant/resolvers.ts';
import * as session from '../domains/session/resolvers.ts';
import * as setting from '../domains/setting/resolvers.ts';
import * as statistics from '../domains/statistics/resolvers.ts';
import * as tenant from '../domains/tenant/resolvers.ts';
import * as user from '../domains/user/resolvers.ts';
import type { CompleteResolvers } from './resolver-types-strict.ts';
import { connectionResolvers } from './connection.ts';
import * as node from './node.ts';
import * as rateLimit from './rate-limit.ts';
import { scalars } from './scalars.ts';

/** Every resolver of the API: a line for each type. What is missing does not compile. */
export const resolvers: CompleteResolvers = {
  ...scalars,
  Query: {
    ...conversation.Query,
    ...message.Query,
    ...model.Query,
    ...node.Query,
    ...rateLimit.Query,
    ...setting.Query,
    ...statistics.Query,
    ...tenant.Query,
    ...user.Query,
  },
  Mutation: {
    ...apiKey.Mutation,
    ...conversation.Mutation,
    ...message.Mutation,
    ...model.Mutation,
    ...operations.Mutation,
    ...participant.Mutation,
    ...session.Mutation,
    ...setting.Mutation,
    ...tenant.Mutation,
    ...statistics.Mutation,
    ...user.Mutation,
  },
  Node: node.Node,
  ApiKey: apiKey.ApiKey,
  ApiKeyConnection: connectionResolvers,
  Conversation: { ...conversation.Conversation, ...message.Conversation, ...participant.Conversation },
  ConversationConnection: connectionResolvers,
  Membership: tenant.Membership,
  MembershipConnection: connectionResolvers,
  Message: message.Message,
  MessageConnection: connectionResolvers,
  DatabaseLoad: operations.DatabaseLoad,
  Model: model.Model,
  Operations: { ...statistics.Operations, ...operations.Operations },
  Session: session.Session,
  SessionConnection: connectionResolvers,
  Settings: setting.Settings,
  Tenant: { ...tenant.Tenant, ...conversation.Tenant },
  User: {
    ...user.User,
    ...identity.User,
    ...apiKey.User,
    ...conversation.User,
    ...message.User,
    ...session.User,
    ...tenant.User,
  },
  UserConnection: connectionResolvers,
};
