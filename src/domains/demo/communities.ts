import type { Role } from '../../platform/postgres/generated/enums.ts';
import { dayMs, demoDays, demoNow, type DemoPerson, type DemoTenant } from './model.ts';
import { bios, firstNames, lastNames, locales, tenantAdjectives, tenantNouns, timezones } from './names.ts';
import { demoId, itemAt, randomOf } from './random.ts';

/** A user of the demo with the role in a tenant. */
export interface Member {
  readonly person: DemoPerson;
  readonly role: Role;
}

/** A tenant and its members. */
export interface Community {
  readonly tenant: DemoTenant;
  /** The members, the owner first. */
  readonly members: readonly Member[];
}

const peoplePerSmallTenant = 20;
const newcomersPerSmallTenant = 20;
const peoplePerLargeTenant = 40;
const largeTenants = 47;

/** The time of the first membership; all members have joined when the first conversation begins. */
const beginning = demoNow - (demoDays + 30) * dayMs;

/**
 * Three tenants and sixty people: ada@acme.example is admin of the platform, grace@acme.example an ordinary
 * member.
 */
export function createSmallCommunities(): Community[] {
  const names = ['Acme Robotics', 'Borealis Travel', 'Lumen Library'];
  const own = names.map((name, index) => {
    const tenant = createTenant(itemAt(name.toLowerCase().split(' '), 0), name, index);
    const members = Array.from({ length: peoplePerSmallTenant }, (_, place) => ({
      person: createSmallPerson(tenant, index * peoplePerSmallTenant + place),
      role: roleAt(place, peoplePerSmallTenant),
    }));
    return { tenant, members };
  });
  const [acme, borealis, lumen] = [itemAt(own, 0), itemAt(own, 1), itemAt(own, 2)];
  return [
    acme,
    withVisitors(borealis, acme.members.slice(3, 7), 'MEMBER'),
    withVisitors(lumen, [itemAt(acme.members, 0)], 'ADMIN', borealis.members.slice(7, 9)),
  ];
}

/** Fifty tenants and two thousand people, including those of the small demo. */
export function createLargeCommunities(): Community[] {
  const grown = createSmallCommunities().map((community, index) => ({
    ...community,
    members: [
      ...community.members,
      ...newcomers(community.tenant, index * newcomersPerSmallTenant, newcomersPerSmallTenant, 'MEMBER'),
    ],
  }));
  const firstNewcomer = grown.length * newcomersPerSmallTenant;
  const added = Array.from({ length: largeTenants }, (_, index): Community => {
    const name = `${itemAt(tenantAdjectives, index % tenantAdjectives.length)} ${itemAt(
      tenantNouns,
      Math.floor(index / tenantAdjectives.length),
    )}`;
    const tenant = createTenant(name.toLowerCase().replace(' ', '-'), name, grown.length + index);
    const first = firstNewcomer + index * peoplePerLargeTenant;
    return { tenant, members: newcomers(tenant, first, peoplePerLargeTenant, null) };
  });
  return [...grown, ...added];
}

function createTenant(slug: string, name: string, index: number): DemoTenant {
  const createdAt = new Date(beginning + index * 60_000);
  return { id: demoId(`tenant ${slug}`, createdAt.getTime()), slug, name, createdAt };
}

function createSmallPerson(tenant: DemoTenant, index: number): DemoPerson {
  const firstName = itemAt(firstNames, index);
  // Seven and the number of last names have no common divisor, so that neighbours have different last names.
  const lastName = itemAt(lastNames, (index * 7) % lastNames.length);
  return createPerson(`${firstName}@${tenant.slug}.example`.toLowerCase(), firstName, lastName, index);
}

function createPerson(email: string, firstName: string, lastName: string, index: number): DemoPerson {
  const random = randomOf(`person ${email}`);
  const createdAt = new Date(beginning + dayMs + index * 60_000);
  const bio = random.isLucky(0.7) ? { bio: random.pick(bios) } : {};
  return {
    id: demoId(`person ${email}`, createdAt.getTime()),
    email,
    firstName,
    lastName,
    isPlatformAdmin: email === 'ada@acme.example',
    profile: {
      ...bio,
      locale: random.pick(locales),
      timezone: random.pick(timezones),
      preferences: { theme: random.pick(['light', 'dark', 'system']) },
    },
    createdAt,
  };
}

function roleAt(place: number, people: number): Role {
  if (place === 0) return 'OWNER';
  if (place === 2) return 'ADMIN';
  return place >= people - 2 ? 'GUEST' : 'MEMBER';
}

function withVisitors(
  community: Community,
  visitors: readonly Member[],
  role: Role,
  guests: readonly Member[] = [],
): Community {
  const added = [
    ...visitors.map(({ person }): Member => ({ person, role })),
    ...guests.map(({ person }): Member => ({ person, role: 'GUEST' })),
  ];
  return { ...community, members: [...community.members, ...added] };
}

/** People of the large demo, numbered from 0; all in one role, or in roles by their index. */
function newcomers(tenant: DemoTenant, first: number, count: number, role: Role | null): Member[] {
  return Array.from({ length: count }, (_, place) => {
    const index = first + place;
    const firstName = itemAt(firstNames, index % firstNames.length);
    // A step of 21 through 40 last names visits every name before it repeats: no two people share both names.
    const round = Math.floor(index / firstNames.length);
    const lastName = itemAt(lastNames, (round * 21 + index) % lastNames.length);
    const email = `${firstName}.${lastName}@${tenant.slug}.example`.toLowerCase();
    const person = createPerson(email, firstName, lastName, firstNames.length + index);
    return { person, role: role ?? roleAt(place, count) };
  });
}
