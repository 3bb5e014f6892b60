// PostGraphile 5 with its Amber preset and simplified names, its schema made from the same tables at the start. Prepared statements
// and its plans of operations are on as they are by default; its explain, its live queries and its IDE are off.
// It leaves out: authentication, row security, limits, metrics, logs. Node's ids are not asked for.
import { createServer } from 'node:http';
import { PgSimplifyInflectionPreset } from '@graphile/simplify-inflection';
import { grafserv } from 'postgraphile/grafserv/node';
import { makePgService } from 'postgraphile/adaptors/pg';
import { postgraphile } from 'postgraphile';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { readSurroundings } from './surroundings.ts';

const { databaseUrl, poolSize, port } = readSurroundings();
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
