import type { ApiKey } from '../domains/api-key/model.ts';
import type { Conversation } from '../domains/conversation/model.ts';
import type { Message } from '../domains/message/model.ts';
import { slugOf, type Model } from '../domains/model/model.ts';
import type { Session } from '../domains/session/model.ts';
import type { Tenant } from '../domains/tenant/model.ts';
import type { User } from '../domains/user/model.ts';
import { BadUserInput } from '../platform/errors.ts';
import { fromPublicId, prefixOf } from '../platform/ids.ts';
import type { RootFields } from './resolver-types-strict.ts';
import { pageSizeMax } from './connection.ts';
import type { RequestContext } from './context.ts';

/** A row that knows its type, as only `node` and `nodes` need it. */
export type NodeRow =
  | (ApiKey & { readonly __typename: 'ApiKey' })
  | (Conversation & { readonly __typename: 'Conversation' })
  | (Message & { readonly __typename: 'Message' })
  | (Model & { readonly __typename: 'Model' })
  | (Session & { readonly __typename: 'Session' })
  | (Tenant & { readonly __typename: 'Tenant' })
  | (User & { readonly __typename: 'User' });

export const Query: RootFields<'Query', 'node' | 'nodes'> = {
  node: (_parent, { id }, context) => findNode(id, context),
  nodes(_parent, { ids }, context) {
    if (ids.length > pageSizeMax) {
      throw new BadUserInput(`\`ids\` has ${ids.length} entries; ${pageSizeMax} are allowed.`);
    }
    return Promise.all(ids.map((id) => findNode(id, context)));
  },
};

export const Node = { __resolveType: (row: NodeRow) => row.__typename };

/** Whatever is not the id of something that the viewer may see answers null, for whichever reason. */
async function findNode(id: string, { loaders, viewer }: RequestContext): Promise<NodeRow | null> {
  const prefix = prefixOf(id);
  if (prefix === 'model') {
    const [model] = await loaders.model.bySlugs([slugOf(id)]);
    return named('Model', model ?? null);
  }
  if (viewer === null) return null;
  switch (prefix) {
    case 'conv':
      return named('Conversation', await byId(loaders.conversation.byId, fromPublicId(prefix, id)));
    case 'key':
      return named('ApiKey', await byId(loaders.apiKey.byId, fromPublicId(prefix, id)));
    case 'msg':
      return named('Message', await byId(loaders.message.byId, fromPublicId(prefix, id)));
    case 'session':
      return named('Session', await byId(loaders.session.byId, fromPublicId(prefix, id)));
    case 'tenant':
      return named('Tenant', await byId(loaders.tenant.byId, fromPublicId(prefix, id)));
    case 'user':
      return named('User', await byId(loaders.user.byId, fromPublicId(prefix, id)));
    default:
      return null;
  }
}

async function byId<Row>(
  loader: { load(id: string): Promise<Row | null> },
  id: string | null,
): Promise<Row | null> {
  return id === null ? null : loader.load(id);
}

function named<Name extends NodeRow['__typename'], Row extends object>(__typename: Name, row: Row | null) {
  return row === null ? null : { ...row, __typename };
}
