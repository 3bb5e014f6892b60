// PostGraphile 5 with the Amber preset and simplified names, and a schema generated from the same tables at
// the start. Prepared statements and operation plans are on, which is the default; explain, live queries and
// the IDE are off.
// Omitted: authentication, row-level security, limits, metrics, logs. Global node IDs are not selected.
import { createServer } from 'node:http';
import { PgSimplifyInflectionPreset } from '@graphile/simplify-inflection';
import { grafserv } from 'postgraphile/grafserv/node';
import { makePgService } from 'postgraphile/adaptors/pg';
import { postgraphile } from 'postgraphile';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { readPeerConfig } from './peer-config.ts';

const { databaseUrl, poolSize, port } = readPeerConfig();
const pgl = postgraphile({
  extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset],
  pgServices: [
    makePgService({ connectionString: databaseUrl, schemas: ['public'], poolConfig: { max: poolSize } }),
  ],
  grafserv: { graphiql: false, watch: false },
  grafast: { explain: false },
});
const server = createServer();
server.on('error', (error) => {
  throw error;
});
const serv = pgl.createServ(grafserv);
await serv.addTo(server);
server.listen(port, '127.0.0.1', () => console.log('listening'));
if (process.argv.includes('--print'))
  console.log((await import('graphql')).printSchema((await pgl.getSchemaResult()).schema));
