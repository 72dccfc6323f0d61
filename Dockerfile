# beat as a container: no root, no shell, no writes except to /data.
#   docker build -t celery-beat .
#   docker run -v ./schedules:/etc/beat:ro -v beat:/data celery-beat
# The Node of the image runs everything; the npm package `node` is only for machines without one.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json

FROM node:24-bookworm-slim AS production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
# Node finds this folder from everywhere, so that a mounted schedule may `import { crontab } from 'celery-beat'`.
RUN mkdir -p /image/node_modules /image/etc/beat /data && ln -s /app /image/node_modules/celery-beat

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="celery-beat" \
  org.opencontainers.image.description="The periodic scheduler for Celery workers: never twice, never lost, one leader." \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production BEAT_CONFIG=/etc/beat
COPY --from=production /image /
COPY --from=production --chown=10001:10001 /data /data
COPY --from=production /app/node_modules /app/node_modules
COPY package.json LICENSE /app/
COPY --from=build /app/dist /app/dist

# Without a broker URL, the embedded store is a file in the working directory.
WORKDIR /data
VOLUME /data
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=15s CMD ["node", "/app/dist/cli/beat.js", "healthcheck"]
# Without the flag, SIGUSR1 opens a debugger port until beat ignores the signal.
ENTRYPOINT ["node", "--disable-sigusr1", "/app/dist/cli/beat.js"]
