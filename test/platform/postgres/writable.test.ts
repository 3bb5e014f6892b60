import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mayWrite, whereWritable } from '../../../src/domains/conversation/model.ts';
import { aConversation, aTenant, aUser, viewerOf, type TestTenant } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
});
afterAll(() => testApp.close());

const roles = ['OWNER', 'ADMIN', 'MEMBER', 'GUEST'] as const;
const parts = ['owns it', 'takes part', 'takes no part'] as const;

// Twice the same rule: one for the statement that writes, one that says why nothing was written.
it.each(
  roles.flatMap((role) =>
    parts.flatMap((part) =>
      (['TENANT', 'PRIVATE'] as const).map((visibility) => [role, part, visibility] as const),
    ),
  ),
)(
  'PostgreSQL and the service agree whether a %s who %s may write where %s reads',
  async (role, part, visibility) => {
    const user = await aUser(testApp, tenant, { role });
    const conversation = await aConversation(testApp, tenant, {
      visibility,
      ...(part === 'owns it' && { owner: user }),
      ...(part === 'takes part' && { participants: [user] }),
    });
    const viewer = viewerOf(tenant, user, role);
    const stranger = viewerOf(await aTenant(testApp), user, role);
    const isWritable = async (by: typeof viewer) =>
      (
        await testApp.database.query(
          sql`select c.id from conversations c where ${whereWritable(by)} and c.id = ${conversation.uuid}::uuid`,
        )
      ).length === 1;
    const readable = await testApp.app.queries.conversation.forWriting(viewer, conversation.uuid);

    expect(await isWritable(viewer)).toBe(readable !== null && mayWrite(viewer, readable));
    expect(await isWritable(stranger)).toBe(false);
    await testApp.database.query(
      sql`update conversations set archived_at = now() where id = ${conversation.uuid}::uuid`,
    );
    expect(await isWritable(viewer)).toBe(false);
  },
);
