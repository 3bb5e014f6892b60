import type { ApiKey } from '../domains/api-key/model.ts';
import type { ReadConversation } from '../domains/conversation/model.ts';
import type { ReadMessage } from '../domains/message/model.ts';
import type { Session } from '../domains/session/model.ts';
import type { Membership } from '../domains/tenant/model.ts';
import type { User } from '../domains/user/model.ts';
import type { Connection } from './connection.ts';

// Codegen's mappers know names only, so each connection type needs one.

export type ApiKeyPage = Connection<ApiKey>;
export type ConversationPage = Connection<ReadConversation>;
export type MembershipPage = Connection<Membership>;
export type MessagePage = Connection<ReadMessage>;
export type SessionPage = Connection<Session>;
export type UserPage = Connection<User>;
