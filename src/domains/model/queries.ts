import sql from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { insertAudit, type AuditEntry } from '../audit/model.ts';
import type { Model } from './model.ts';

/** The database queries of language models. */
export type ModelQueries = ReturnType<typeof createModelQueries>;

const columns = sql`slug, name, provider, context_window as "contextWindow", max_output_tokens as "maxOutputTokens",
  input_price_per_million as "inputPricePerMillion", output_price_per_million as "outputPricePerMillion",
  is_enabled as "isEnabled", is_mock as "isMock"`;

/** Creates the database queries of language models, which belong to no tenant. */
export function createModelQueries(db: Database) {
  return {
    /** Lists models by name. */
    async all(): Promise<Model[]> {
      return db.query<Model>(sql`select ${columns} from models order by name, slug`);
    },

    async upsert(model: Omit<Model, 'isEnabled'>, entry: AuditEntry): Promise<void> {
      await db.query(sql`with changed as (
          insert into models (slug, name, provider, context_window, max_output_tokens, input_price_per_million,
            output_price_per_million, is_mock, created_at)
          values (${model.slug}, ${model.name}, ${model.provider}, ${model.contextWindow}, ${model.maxOutputTokens},
            ${model.inputPricePerMillion}, ${model.outputPricePerMillion}, ${model.isMock}, ${entry.createdAt})
          on conflict (slug) do update set name = excluded.name, provider = excluded.provider,
            context_window = excluded.context_window, max_output_tokens = excluded.max_output_tokens,
            input_price_per_million = excluded.input_price_per_million,
            output_price_per_million = excluded.output_price_per_million, is_mock = excluded.is_mock
          returning slug
        )
        ${insertAudit(entry, sql`changed`)}`);
    },

    /** Returns whether the model existed. */
    async setEnabled(slug: string, isEnabled: boolean, entry: AuditEntry): Promise<boolean> {
      const changed = await db.query(sql`with changed as (
          update models set is_enabled = ${isEnabled} where slug = ${slug} returning slug
        )
        ${insertAudit(entry, sql`changed`)} returning id`);
      return changed.length > 0;
    },
  };
}
