# The runtime only: production packages and what `npm pack` would pack.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image's own Node is the runtime, so the pinned one (an optional dependency) is left out.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim AS built
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.client.json tributary.schema.json ./
COPY scripts/package.ts scripts/
COPY connectors connectors
COPY docs docs
COPY drizzle drizzle
COPY examples examples
COPY observability observability
COPY src src
RUN node scripts/package.ts

FROM node:24-slim
ENV NODE_ENV=production MALLOC_ARENA_MAX=1 HOST=0.0.0.0 PORT=3000 TRIBUTARY_DATA_DIR=/data TRIBUTARY_CONFIG=/config/tributary.config.json
WORKDIR /app
RUN mkdir /data /config && chown 1000:1000 /data
COPY --from=packages /app/node_modules node_modules
COPY --from=built /app/dist dist
COPY package.json LICENSE ./
# A number: by it Kubernetes can tell that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1, so SIGTERM reaches it and it drains.
STOPSIGNAL SIGTERM
CMD ["node", "--max-semi-space-size=4", "--max-old-space-size=192", "--single-threaded-gc", "dist/src/main.js", "start"]
