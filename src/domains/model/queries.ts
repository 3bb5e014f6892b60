import sql from 'sql-template-tag';
import type { Database } from '../../platform/database/database.ts';
import type { Model } from './model.ts';

export type ModelQueries = ReturnType<typeof createModelQueries>;

const columns = sql`slug, name, provider, context_window as "contextWindow", max_output_tokens as "maxOutputTokens",
  input_price_per_million as "inputPricePerMillion", output_price_per_million as "outputPricePerMillion",
  is_enabled as "isEnabled", is_mock as "isMock"`;

/** Models belong to no tenant. */
export function createModelQueries(db: Database) {
  return {
    /** By name. */
    async all(): Promise<Model[]> {
      return db.query<Model>(sql`select ${columns} from models order by name, slug`);
    },

    async upsert(model: Omit<Model, 'isEnabled'>): Promise<void> {
      const { slug, ...rest } = model;
      await db.prisma.model.upsert({ where: { slug }, create: model, update: rest });
    },

    /** Whether there was such a model. */
    async setEnabled(slug: string, isEnabled: boolean): Promise<boolean> {
      const { count } = await db.prisma.model.updateMany({ where: { slug }, data: { isEnabled } });
      return count > 0;
    },
  };
}
