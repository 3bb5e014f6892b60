import { account } from '../domains/account/domain.ts';
import { administration } from '../domains/administration/domain.ts';
import { apiKey } from '../domains/api-key/domain.ts';
import { audit } from '../domains/audit/domain.ts';
import { conversation } from '../domains/conversation/domain.ts';
import { event } from '../domains/event/domain.ts';
import { identity } from '../domains/identity/domain.ts';
import { message } from '../domains/message/domain.ts';
import { model } from '../domains/model/domain.ts';
import { operations } from '../domains/operations/domain.ts';
import { participant } from '../domains/participant/domain.ts';
import { session } from '../domains/session/domain.ts';
import { setting } from '../domains/setting/domain.ts';
import { statistics } from '../domains/statistics/domain.ts';
import { tenant } from '../domains/tenant/domain.ts';
import { user } from '../domains/user/domain.ts';
import type { Domain } from './domain.ts';
import type { DomainName } from './resolver-types-strict.ts';

/** All domains of the product. The compiler requires a line for every folder. */
export const domains = {
  account,
  administration,
  apiKey,
  audit,
  conversation,
  event,
  identity,
  message,
  model,
  operations,
  participant,
  session,
  setting,
  statistics,
  tenant,
  user,
} satisfies { readonly [Name in Exclude<DomainName, 'shared'>]: AnyDomain<Name> };

type AnyDomain<Name extends DomainName> = Domain<Name, object | null, object | null, object | null>;

type Domains = typeof domains;

/** The statements of each domain, over one database. */
export type Queries = { readonly [Name in keyof Domains]: ReturnType<Domains[Name]['queries']> };

/**
 * The loaders of each domain, by which a request finds objects. Loaders of a tenant's data see the tenant as
 * the viewer does.
 */
export type Loaders = { readonly [Name in keyof Domains]: ReturnType<Domains[Name]['loaders']> };

/** The service of each domain: its rules and writes. Services live as long as the process. */
export type DomainServices = { readonly [Name in keyof Domains]: ReturnType<Domains[Name]['service']> };
